"""The playbook: which steps a debt goes through, when, for whom, and what each presupposes (K3, facts 3.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from services.collections.domain.receivables import Profile
from shared.calendars import WorkCalendar
from shared.money import minor_digits

MEETINGS = frozenset({"call", "visit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What a step presupposes: a notice that arrived, or a task that was done, and the working days that ran since."""

    step: str
    working_days: int = 0
    unanswered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """To whom a step, or a whole playbook, applies; what is empty asks nothing."""

    grades: frozenset[str] = frozenset()
    lights: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    not_classes: frozenset[str] = frozenset()
    industries: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    amount_from: Mapping[str, Decimal] = field(default_factory=dict)

    def admits(self, profile: Profile, *, debtor_class: str | None, overdue_minor: Mapping[str, int]) -> bool:
        """Return whether the customer, with these overdue sums by currency, belongs to it."""
        wanted = (
            (self.grades, profile.grade),
            (self.lights, profile.light),
            (self.classes, debtor_class),
            (self.industries, profile.industry),
            (self.countries, profile.country),
            (self.kinds, profile.kind),
        )
        return (
            all(not asked or found in asked for asked, found in wanted)
            and debtor_class not in self.not_classes
            and self._is_large_enough(overdue_minor)
        )

    def specificity(self) -> int:
        """Return how many conditions it has: the more specific playbook goes first."""
        asked = (
            self.grades,
            self.lights,
            self.classes,
            self.not_classes,
            self.industries,
            self.countries,
            self.kinds,
            self.amount_from,
        )
        return sum(bool(each) for each in asked)

    def _is_large_enough(self, overdue_minor: Mapping[str, int]) -> bool:
        if not self.amount_from:
            return True
        return any(
            overdue_minor.get(currency, 0) >= amount.scaleb(minor_digits(currency))
            for currency, amount in self.amount_from.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a step says to the customer; the channels of one step are one message."""

    purpose: str
    channels: tuple[str, ...]
    formal: bool = False
    answer_working_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a step gives a person to do; a decision may have `choices`, which another role approves."""

    kind: str
    role: str
    due_working_days: int
    watched_by: str | None = None
    choices: tuple[str, ...] = ()
    approved_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One step: either a message, or work, or a supply stop, or an entry on the list of a role.

    Steps of one ladder overtake each other: when several are due at once, only the highest happens. Without `only` a
    step is for everybody.
    """

    code: str
    rank: int
    days: int | None = None
    working_days: int | None = None
    classified: bool = False
    after: After | None = None
    only: Only | None = None
    ladder: str | None = None
    message: Message | None = None
    work: Work | None = None
    supply_stop: bool = False
    listed_for: str | None = None
    approved_by: str | None = None

    @property
    def is_before_due(self) -> bool:
        """Return whether it belongs before the due date."""
        return (self.days or self.working_days or 0) < 0

    @property
    def meets_customer(self) -> bool:
        """Return whether it needs a working day: messages, calls and visits."""
        return self.message is not None or (self.work is not None and self.work.kind in MEETINGS)

    def own_date(self, due_date: date, classified_date: date | None, calendar: WorkCalendar) -> date | None:
        """Return the date that its offset gives, rolled to a working day where it meets the customer."""
        return classified_date if self.classified else _offset_date(self, due_date, calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """The steps in their order, as of one version."""

    version: str
    steps: tuple[Step, ...]

    def steps_for(
        self, profile: Profile, *, debtor_class: str | None, overdue_minor: Mapping[str, int]
    ) -> Sequence[Step]:
        """Return the steps that apply; of several entries of one code the first that admits the customer."""
        chosen: dict[str, Step] = {}
        for step in self.steps:
            if step.code not in chosen and (
                step.only is None or step.only.admits(profile, debtor_class=debtor_class, overdue_minor=overdue_minor)
            ):
                chosen[step.code] = step
        return tuple(chosen.values())

    def step(self, code: str) -> Step | None:
        """Return the first entry of that code."""
        return next((step for step in self.steps if step.code == code), None)


@lru_cache(maxsize=50_000)
def _offset_date(step: Step, due_date: date, calendar: WorkCalendar) -> date | None:
    """Return the date of the offset; asked for each open debt each day, so it is remembered."""
    if step.working_days is not None:
        return calendar.add_working_days(due_date, step.working_days)
    if step.days is None:
        return None
    day = due_date + timedelta(days=step.days)
    if not step.meets_customer:
        return day
    return calendar.previous_working_day(day) if step.is_before_due else calendar.next_working_day(day)
