"""Collects, over a batch, what goes into the append-only books and the outbox, and writes each table once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.credit import Credit
from services.ledger.domain.debt import Debt, Movement, mark_overdue
from services.ledger.domain.journal import Entry
from services.ledger.gateways.charts import chart
from services.ledger.store import books
from services.ledger.store.credits import save_credits
from services.ledger.store.debts import save_debts
from services.ledger.store.entities import Entity
from services.ledger.usecases import book_rows, events
from services.ledger.usecases.book_rows import Party
from shared.contracts.event import Event
from shared.ids import derived_id
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing
from shared.rows import Row


class Transcript:
    """What a batch did while `day` was open, in the order in which it did it."""

    def __init__(self, *, day: date, entities: Mapping[str, Entity]) -> None:
        self.day = day
        self._entities = entities
        self._debts: dict[UUID, Debt] = {}
        self._credits: dict[UUID, Credit] = {}
        self._movements: list[Row] = []
        self._credit_movements: list[Row] = []
        self._entries: list[Row] = []
        self._postings: list[Row] = []
        self._audit: list[Row] = []
        self._events: list[Outgoing] = []

    def publish(self, event: Event, subject: UUID, party: Party, cause: Cause, *, effective_date: date) -> None:
        """Add an event about `subject` to the outbox."""
        outgoing = Outgoing(
            event=event,
            subject=str(subject),
            cause=cause,
            effective_date=effective_date,
            customer_id=party.customer_id,
        )
        self._events.append(outgoing)

    def say_overdue(self, debts: Sequence[Debt], cause: Cause) -> int:
        """Publish which debts are past due where that was not said in this episode; return how many."""
        said = [debt for debt in debts if mark_overdue(debt, open_day=self.day)]
        for debt in said:
            self._debts[debt.instalment_id] = debt
            invoice = debt.invoice
            # Whether the day finds it, or money that comes before the day has looked: it happens once in an episode.
            once = cause.of(derived_id(debt.instalment_id, "overdue", debt.episode))
            self.publish(events.invoice_overdue(debt), invoice.invoice_id, invoice, once, effective_date=self.day)
        return len(said)

    def move(self, movements: Sequence[Movement], cause: Cause) -> None:
        """Write what happened to open amounts; the debts are saved with their new balances."""
        self._debts.update((each.debt.instalment_id, each.debt) for each in movements)
        self._movements += [book_rows.of_movement(each, cause) for each in movements]

    def open_account(self, rows: Sequence[Row]) -> None:
        """Write the first movements of instalments, whose own rows the caller writes."""
        self._movements += rows

    def keep(self, *, debts: Iterable[Debt] = (), credit: Credit | None = None) -> None:
        """Save the new balances of what was recorded before."""
        self._debts.update((debt.instalment_id, debt) for debt in debts)
        if credit is not None:
            self._credits[credit.credit_id] = credit

    def credit(self, credit: Credit, delta_minor: int, reason: str, cause: Cause, *, effective_date: date) -> None:
        """Write what happened to unapplied credit."""
        if delta_minor:
            row = book_rows.of_credit(credit, delta_minor, reason, cause, effective_date=effective_date)
            self._credit_movements.append(row)

    def apply_credit(self, credit: Credit, movements: Sequence[Movement], cause: Cause) -> None:
        """Write which debts a credit settled or gave up, on both sides at the same dates."""
        self.move(movements, cause)
        for movement in movements:
            effective_date = movement.effective_date
            self.credit(credit, movement.delta_minor, "allocated", cause, effective_date=effective_date)

    def post(self, entry: Entry, party: Party, cause: Cause) -> None:
        """Write a journal entry with the accounts of the party's entity; one without lines is none."""
        if not entry.lines:
            return
        accounts = chart(self._entities[party.entity].accounts)
        header, postings = book_rows.of_entry(entry, party, cause, accounts)
        self._entries.append(header)
        self._postings += postings

    def audit(
        self, action: str, subject: UUID, party: Party, cause: Cause, *, effective_date: date, **details: Any
    ) -> None:
        """Write who did what to which document, under both clocks (L17)."""
        row = book_rows.of_audit(action, str(subject), cause, effective_date=effective_date, details=details)
        self._audit.append({**row, "partition_no": party.partition_no, "customer_id": party.customer_id})

    def turn_invoices(self, movements: Sequence[Movement], cause: Cause, *, reason: str = "") -> None:
        """Publish which invoices these movements settled and reopened, and the debts that are at once overdue again."""
        settled, reopened = events.turned(movements)
        for invoice in settled:
            date_ = invoice.last_effective_date
            self.publish(events.settled(invoice), invoice.invoice_id, invoice, cause, effective_date=date_)
        for invoice in reopened:
            event = events.reopened(invoice, reason=reason)
            self.publish(event, invoice.invoice_id, invoice, cause, effective_date=invoice.last_effective_date)
        self.say_overdue([each.debt for each in movements], cause)

    async def save(self, connection: AsyncConnection, outbox: Outbox) -> None:
        """Write everything, one statement for each table that has something."""
        await save_debts(connection, self._debts.values())
        await save_credits(connection, self._credits.values())
        await books.insert_movements(connection, self._movements, self._credit_movements)
        await books.insert_entries(connection, self._entries, self._postings)
        await books.insert_audit(connection, self._audit)
        await outbox.append(connection, self._events)
