"""All that matters of one customer, loaded, folded and saved as a whole; it notes what happens to it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from services.collections.domain.days import Debt
from services.collections.domain.facts import Fact
from services.collections.domain.pauses import Pause
from services.collections.domain.policies import Policies
from services.collections.domain.receivables import Entity, Profile, Receivable
from services.collections.domain.records import Case, Dispute, Promise, Reminder, TakenStep, Task
from services.collections.domain.stages import StagePolicy
from shared.calendars import WorkCalendar

StepKey = tuple[UUID, int, str]
UNKNOWN_COUNTRY = "CN"
"""The first profile's calendar serves until the entity's own country is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The business date on which something is done, by whom, and the maker of ids that follow from its cause."""

    today: date
    actor: str
    id_of: Callable[[str, str], UUID]


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact, the case it belongs to, and how many of its kind about its subject came before it from the same cause."""

    fact: Fact
    case_id: UUID | None


class Refusal(Exception):
    """A person or a system asked for what the rules forbid; nothing was changed."""


@dataclass(slots=True, kw_only=True)
class Book:
    """The records of one customer; a record is never changed but replaced."""

    customer_id: UUID
    profile: Profile
    policies: Policies
    entities: Mapping[str, Entity]
    receivables: dict[UUID, Receivable] = field(default_factory=dict)
    steps: dict[StepKey, TakenStep] = field(default_factory=dict)
    cases: dict[UUID, Case] = field(default_factory=dict)
    reminders: dict[UUID, Reminder] = field(default_factory=dict)
    promises: dict[UUID, Promise] = field(default_factory=dict)
    disputes: dict[UUID, Dispute] = field(default_factory=dict)
    pauses: dict[UUID, Pause] = field(default_factory=dict)
    tasks: dict[UUID, Task] = field(default_factory=dict)
    happened: list[Happened] = field(default_factory=list)

    def note(self, fact: Fact, case_id: UUID | None = None) -> None:
        """Remember that this happened, for the outbox and the history of the case."""
        case = self.open_case(fact.entity) if case_id is None and fact.entity is not None else None
        self.happened.append(Happened(fact, case.case_id if case is not None else case_id))

    def open_case(self, entity: str) -> Case | None:
        """Return the one open case of this customer at `entity`."""
        return next((case for case in self.cases.values() if case.entity == entity and case.closed_date is None), None)

    def answer(self, entity: str, day: date) -> None:
        """Remember that the customer answered: by payment, promise, dispute or a logged reply."""
        case = self.open_case(entity)
        if case is not None and (case.answered_date is None or case.answered_date < day):
            self.cases[case.case_id] = replace(case, answered_date=day)

    def calendar(self, entity: str) -> WorkCalendar:
        """Return the creditor's working days."""
        known = self.entities.get(entity)
        return WorkCalendar.of(known.country if known is not None else UNKNOWN_COUNTRY)

    def stage_policy(self, entity: str, as_of: date) -> StagePolicy:
        """Return the stages that hold for this customer on a day."""
        case = self.open_case(entity)
        debtor_class = case.debtor_class if case is not None else None
        return self.policies.stages_for(self.profile, debtor_class=debtor_class, as_of=as_of)

    def entity_codes(self) -> list[str]:
        """Return the creditor entities that have something of this customer, in order."""
        return sorted(
            {each.entity for each in self.receivables.values()} | {each.entity for each in self.cases.values()}
        )

    def of_entity(self, entity: str) -> list[Receivable]:
        """Return the instalments owed to `entity`, oldest first."""
        found = [each for each in self.receivables.values() if each.entity == entity]
        return sorted(found, key=_age) if len(found) > 1 else found

    def invoice(self, entity: str, number: str) -> list[Receivable]:
        """Return the instalments of an invoice of which something is open."""
        return [each for each in self.of_entity(entity) if each.invoice_number == number and each.open_minor > 0]

    def overdue(self, entity: str, as_of: date) -> list[Receivable]:
        """Return what is overdue, disputed or not, oldest first."""
        return [each for each in self.of_entity(entity) if each.is_overdue(as_of)]

    def collectible_minor(self, receivable: Receivable) -> int:
        """Return what is open and not disputed."""
        if not self.disputes:
            return receivable.open_minor
        disputed = sum(
            dispute.resting_minor
            for dispute in self.disputes.values()
            if dispute.instalment_id == receivable.instalment_id
        )
        return max(receivable.open_minor - disputed, 0)

    def pauses_of(self, receivable: Receivable) -> list[Pause]:
        """Return the pauses that concern this debt."""
        if not self.pauses:
            return []
        case = self.open_case(receivable.entity)
        case_id = case.case_id if case is not None else None
        return [pause for pause in self.pauses.values() if pause.concerns(receivable, case_id)]

    def debts(self, entity: str, as_of: date) -> list[Debt]:
        """Return the collectible instalments of `entity` as the stage sees them, due or not."""
        policy = self.stage_policy(entity, as_of)
        return [
            self._debt(each)
            for each in self.of_entity(entity)
            if self.collectible_minor(each) >= max(policy.minimum_minor(each.currency), 1)
        ]

    def overdue_minor(self, entity: str, as_of: date) -> dict[str, int]:
        """Return the collectible overdue sum by currency."""
        sums: dict[str, int] = {}
        for each in self.overdue(entity, as_of):
            sums[each.currency] = sums.get(each.currency, 0) + self.collectible_minor(each)
        return sums

    def step_of(self, receivable: Receivable, step: str) -> TakenStep | None:
        """Return what became of a step of this debt in its present episode."""
        return self.steps.get((receivable.instalment_id, receivable.episode, step))

    def take(self, taken: TakenStep) -> None:
        """Note what became of a step."""
        self.steps[taken.instalment_id, taken.episode, taken.step] = taken

    def steps_where(self, **values: object) -> Iterator[TakenStep]:
        """Return the taken steps with these values, as they are now."""
        return iter([each for each in self.steps.values() if all(getattr(each, k) == v for k, v in values.items())])

    def change_steps(self, steps: Iterable[TakenStep], **values: object) -> None:
        """Replace these values in the given steps."""
        for each in steps:
            self.take(replace(each, **values))  # type: ignore[arg-type] # the names are the record's own

    def _debt(self, receivable: Receivable) -> Debt:
        return Debt(
            instalment_id=receivable.instalment_id,
            name=(receivable.invoice_number, receivable.ordinal),
            invoice_id=receivable.invoice_id,
            due_date=receivable.due_date,
            currency=receivable.currency,
            collectible_minor=self.collectible_minor(receivable),
            pauses=self.pauses_of(receivable),
        )


def _age(receivable: Receivable) -> tuple[date, str, int]:
    return receivable.due_date, receivable.invoice_number, receivable.ordinal
