"""Which policy holds for whom from when: the most specific segment first, then the latest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from services.collections.domain.playbook import Only, Playbook
from services.collections.domain.receivables import Profile
from services.collections.domain.stages import StagePolicy

P = TypeVar("P", Playbook, StagePolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective(Generic[P]):
    """A policy, whom it is for, and the business date from which it holds."""

    name: str
    effective_from: date
    policy: P
    segment: Only = field(default_factory=Only)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All policies that were ever loaded; those of the house hold for everybody from the beginning."""

    playbooks: tuple[Effective[Playbook], ...]
    stages: tuple[Effective[StagePolicy], ...]

    def playbook_for(
        self, profile: Profile, *, debtor_class: str | None, overdue_minor: Mapping[str, int], as_of: date
    ) -> Playbook:
        """Return the playbook for this customer on this day."""
        return _choose(self.playbooks, profile, debtor_class, overdue_minor, as_of)

    def stages_for(self, profile: Profile, *, debtor_class: str | None, as_of: date) -> StagePolicy:
        """Return the stages for this customer on this day."""
        return _choose(self.stages, profile, debtor_class, {}, as_of)


def _choose(
    known: Sequence[Effective[P]],
    profile: Profile,
    debtor_class: str | None,
    overdue_minor: Mapping[str, int],
    as_of: date,
) -> P:
    if len(known) == 1:
        return known[0].policy
    fitting = [
        each
        for each in known
        if each.effective_from <= as_of
        and each.segment.admits(profile, debtor_class=debtor_class, overdue_minor=overdue_minor)
    ]
    return max(fitting, key=lambda each: (each.segment.specificity(), each.effective_from, each.name)).policy
