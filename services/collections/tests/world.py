"""A customer's book without a database: the pure domain, driven day by day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from services.collections.domain import agenda, decisions, hearing, messages, promises, records
from services.collections.domain.book import Book, Moment
from services.collections.domain.facts import Fact, ReminderPlanned
from services.collections.domain.follow import follow, work
from services.collections.domain.hearing import Change, Issued
from services.collections.domain.receivables import Entity, Profile, Receivable
from services.collections.domain.records import Case, Reminder, Task
from services.collections.usecases.know_policies import house_policies
from shared.ids import derived_id

ROOT = UUID("019cae00-0000-7000-8000-000000000000")
CUSTOMER = derived_id(ROOT, "customer")
ENTITY = "cn01"
R = TypeVar("R")


@dataclass
class World:
    """One customer of one entity on a business day; `sends` lets every planned message leave and arrive on its day."""

    today: date
    sends: bool = True
    grade: str | None = None
    light: str | None = None
    country: str = "CN"
    facts: list[Fact] = field(default_factory=list)
    book: Book = field(init=False)
    causes: int = 0

    def __post_init__(self) -> None:
        """Open the book."""
        self.book = Book(
            customer_id=CUSTOMER,
            profile=Profile(customer_id=CUSTOMER, grade=self.grade, light=self.light),
            policies=house_policies(),
            entities={ENTITY: Entity(entity=ENTITY, name="D", country=self.country, zone="UTC", currency="CNY")},
        )

    def issue(self, invoice: str, due_date: date, minor: int = 100_000) -> UUID:
        """Issue an invoice of one instalment."""
        instalment_id = derived_id(ROOT, invoice)
        issued = Issued(
            instalment_id=instalment_id,
            invoice_id=derived_id(ROOT, "invoice", invoice),
            invoice_number=invoice,
            ordinal=1,
            due_date=due_date,
            entity=ENTITY,
            currency="CNY",
            amount_minor=minor,
            penalty_pct_per_day=Decimal("0.05"),
        )
        self.do(lambda book, at: hearing.issue(book, [issued], at))
        return instalment_id

    def pay(self, invoice: str, minor: int, *, payment: str = "P", effective: date | None = None) -> None:
        """Let a payment settle this much of an invoice."""
        change = self._change(invoice, -minor, effective)
        self.do(lambda book, at: hearing.pay(book, derived_id(ROOT, "payment", payment), [change], at))

    def bounce(self, invoice: str, minor: int, *, payment: str = "P") -> None:
        """Let that payment bounce."""
        change = self._change(invoice, minor, None)
        self.do(lambda book, at: hearing.bounce(book, derived_id(ROOT, "payment", payment), [change], at))

    def credit(self, invoice: str, minor: int) -> None:
        """Let a credit note lower the invoice."""
        change = self._change(invoice, -minor, None)
        self.do(lambda book, at: hearing.credit(book, [change], at))

    def promise(self, minor: int, promised_date: date, *invoices: str) -> records.Promise:
        """Promise to pay."""
        terms = promises.Terms(
            entity=ENTITY,
            currency="CNY",
            amount_minor=minor,
            promised_date=promised_date,
            instalment_ids=[derived_id(ROOT, each) for each in invoices],
        )
        return self.do(lambda book, at: promises.make(book, terms, at))

    def approve(self, kind: str, *, approved: bool = True) -> None:
        """Decide the open task of this kind."""
        task = self.task(kind)
        self.do(lambda book, at: decisions.decide(book, task, at, approved=approved, reason="r"))
        self._deliver()

    def complete(self, kind: str, outcome: str = "done") -> None:
        """End the open task of this kind."""
        task = self.task(kind)
        self.do(lambda book, at: decisions.complete(book, task, at, outcome=outcome, note=None))

    def classify(self, debtor_class: str) -> None:
        """Confirm the debtor's class."""
        self.do(lambda book, at: decisions.classify(book, self.case, at, debtor_class=debtor_class, reason="r"))

    def do(self, change: Callable[[Book, Moment], R]) -> R:
        """Let something happen today, and all that follows."""
        at = self._moment()
        result = change(self.book, at)
        follow(self.book, at)
        self._take_facts()
        return result

    def live_until(self, last: date) -> None:
        """Work every day up to `last`, where the agenda says that there is work."""
        while self.today < last:
            due = agenda.next_date(self.book, after=self.today)
            self.today += timedelta(days=1)
            if due is not None and due <= self.today:
                self.work()

    def work(self) -> None:
        """Do today's work."""
        at = self._moment()
        work(self.book, at)
        self._take_facts()
        self._deliver()

    def of(self, kind: type[R]) -> list[R]:
        """The facts of this kind."""
        return [each for each in self.facts if isinstance(each, kind)]

    def planned(self) -> Iterator[tuple[str, date]]:
        """Every reminder: step and planned date."""
        return ((each.step, each.planned_date) for each in self.of(ReminderPlanned))

    def task(self, name: str) -> Task:
        """The one open task of this kind or step."""
        waiting = [each for each in self.book.tasks.values() if each.outcome is None]
        (task,) = [each for each in waiting if each.kind == name] or [each for each in waiting if each.step == name]
        return task

    def debt(self, invoice: str) -> Receivable:
        """The debt as it is known."""
        return self.book.receivables[derived_id(ROOT, invoice)]

    def state_of(self, invoice: str, step: str) -> tuple[str, str | None] | None:
        """What became of a step in the debt's present episode, and why."""
        taken = self.book.step_of(self.debt(invoice), step)
        return None if taken is None else (taken.state, taken.reason)

    @property
    def case(self) -> Case:
        """The open case."""
        case = self.book.open_case(ENTITY)
        assert case is not None
        return case

    @property
    def waiting(self) -> list[Reminder]:
        """The intents that have not left."""
        return [each for each in self.book.reminders.values() if each.state == records.PLANNED]

    def _deliver(self) -> None:
        for reminder in self.waiting if self.sends else ():
            self.send(reminder)

    def send(self, reminder: Reminder) -> None:
        """Let a message leave and arrive today."""
        lines = [(line.instalment_id, line.step, line.episode) for line in reminder.lines]
        self.do(lambda book, at: messages.leave(book, reminder, lines, at, at.today))
        self.do(lambda book, at: messages.arrive(book, reminder, lines, at.today))

    def _moment(self) -> Moment:
        self.causes += 1
        cause = derived_id(ROOT, "cause", self.causes)
        return Moment(today=self.today, actor="test", id_of=lambda kind, key: derived_id(cause, kind, key))

    def _take_facts(self) -> None:
        self.facts += [each.fact for each in self.book.happened]
        self.book.happened.clear()

    def _change(self, invoice: str, delta: int, effective: date | None) -> Change:
        debt = self.debt(invoice)
        return Change(
            instalment_id=debt.instalment_id,
            invoice_id=debt.invoice_id,
            invoice_number=invoice,
            ordinal=1,
            due_date=debt.due_date,
            entity=ENTITY,
            currency="CNY",
            open_before_minor=debt.open_minor,
            open_after_minor=debt.open_minor + delta,
            effective_date=effective or self.today,
            episode=debt.episode + (debt.open_minor == 0),
        )


def with_policy(world: World, **changes: Any) -> None:
    """Change the stages that hold for everybody."""
    (house,) = world.book.policies.stages
    policy = replace(house.policy, **changes)
    world.book.policies = replace(world.book.policies, stages=(replace(house, policy=policy),))
