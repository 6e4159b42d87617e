"""Folds the ledger's and collections' facts into what credit remembers of how customers pay (C2, C4, C6)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.habits import REMEMBERED_DAYS, Debt, Habit, Outcome, PromiseEnd, window_start
from services.credit.store.habits import EndedPromise, KnownDebt, add_promise_ends, load_habits, save_debts
from shared.contracts import collections, ledger
from shared.contracts.event import Event
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import Received, Refused

OUTCOMES: dict[type[Event], Outcome] = {
    collections.PromiseKept: "kept",
    collections.PromisePartlyKept: "partly_kept",
    collections.PromiseBroken: "broken",
}
"""How a promise ended, by the event that says so."""
BROKEN: Outcome = "broken"

_Ending = collections.PromiseKept | collections.PromisePartlyKept | collections.PromiseBroken
_Telling = ledger.InvoiceOverdue | collections.DisputeOpened | collections.DisputeResolved
_Moving = ledger.InvoiceCancelled | ledger.CreditNoteIssued | ledger.PaymentAllocated | ledger.PaymentReversed


@dataclass(slots=True, kw_only=True)
class Habits:
    """The habits of a batch's customers as they stand after the events so far; those who only get invoices have none.

    `debts` and `ends` are what the batch changed, to be saved.
    """

    today: date
    partitions: Mapping[UUID, int]
    habits: dict[UUID, Habit]
    debts: dict[UUID, dict[UUID, Debt]] = field(default_factory=dict)
    ends: list[EndedPromise] = field(default_factory=list)

    def hear(self, customer_id: UUID, received: Received) -> bool:
        """Fold an event; return whether a figure moved: a debt settled, opened or overdue, a promise broken or mended.

        A promise that was kept moves none: its payment does, which another topic tells.
        """
        event = received.event
        if isinstance(event, ledger.InvoiceIssued):
            self._owe(customer_id, event)
            return False
        if isinstance(event, _Moving):
            return self._move(customer_id, event)
        if isinstance(event, _Ending):
            return self._end(customer_id, event, received.envelope)
        return isinstance(event, ledger.InvoiceOverdue)

    async def save(self, connection: AsyncConnection) -> None:
        """Save what the batch changed."""
        debts = [
            KnownDebt(customer_id=key, partition_no=self.partitions[key], debt=debt)
            for key, several in self.debts.items()
            for debt in several.values()
        ]
        await save_debts(connection, debts, today=self.today)
        await add_promise_ends(connection, self.ends)

    def _owe(self, customer_id: UUID, event: ledger.InvoiceIssued) -> None:
        owed = [
            Debt(
                instalment_id=each.instalment_id,
                invoice_id=event.invoice_id,
                issue_date=event.issue_date,
                due_date=each.due_date,
                currency=event.currency,
                amount_minor=each.amount_minor,
                open_minor=each.amount_minor,
            )
            for each in event.instalments
        ]
        self._changed(customer_id, owed)
        if customer_id in self.habits:
            self.habits[customer_id] = self.habits[customer_id].owe(owed)

    def _move(self, customer_id: UUID, event: _Moving) -> bool:
        before, now = self.habits[customer_id].debts, dict[UUID, Debt]()
        for each in event.changes:
            known = now.get(each.instalment_id) or before.get(each.instalment_id) or _unissued(each, event.currency)
            delta_minor = each.open_after_minor - each.open_before_minor
            now[each.instalment_id] = known.move(
                delta_minor, effective_date=each.effective_date, by_payment=_is_payment(event)
            )
        self._changed(customer_id, now.values())
        self.habits[customer_id] = self.habits[customer_id].settle(now.values())
        return any(each.paid_date != (before[key].paid_date if key in before else None) for key, each in now.items())

    def _end(self, customer_id: UUID, event: _Ending, envelope: Envelope) -> bool:
        outcome = OUTCOMES[type(event)]
        before = self.habits[customer_id].promises.get(event.promise_id)
        end = PromiseEnd(promise_id=event.promise_id, outcome=outcome, ended_date=envelope.effective_date)
        ended = EndedPromise(
            event_id=envelope.event_id,
            customer_id=customer_id,
            partition_no=self.partitions[customer_id],
            known_date=self.today,
            end=end,
        )
        self.ends.append(ended)
        self.habits[customer_id] = self.habits[customer_id].end_promise(end)
        return BROKEN in (outcome, before.outcome if before else None)

    def _changed(self, customer_id: UUID, debts: Collection[Debt]) -> None:
        self.debts.setdefault(customer_id, {}).update({each.instalment_id: each for each in debts})


async def open_habits(
    connection: AsyncConnection, batch: Sequence[Received], *, partitions: Mapping[UUID, int], today: date
) -> Habits:
    """Return the habits to fold a batch into; a batch of invoices alone needs none of them, and reads nothing."""
    moving = [each for each in batch if isinstance(each.event, _Moving | _Ending | _Telling)]
    habits: dict[UUID, Habit] = {}
    if moving:
        habits = await load_habits(
            connection,
            {customer_of(each) for each in moving},
            as_of=today,
            since=window_start(today, REMEMBERED_DAYS),
            invoice_ids={change.invoice_id for each in moving for change in getattr(each.event, "changes", ())},
        )
    return Habits(today=today, partitions=partitions, habits=habits)


def customer_of(received: Received) -> UUID:
    """Return whom the event concerns; raise Refused where it names nobody."""
    if received.envelope.customer_id is None:
        raise Refused("the event names no customer")
    return received.envelope.customer_id


def _is_payment(event: _Moving) -> bool:
    if isinstance(event, ledger.PaymentAllocated):
        return event.credit_kind == "payment"
    return isinstance(event, ledger.PaymentReversed)


def _unissued(change: ledger.InstalmentChange, currency: str) -> Debt:
    """Return a debt that was issued before habits were remembered: nothing is known of it but its movements."""
    return Debt(
        instalment_id=change.instalment_id,
        invoice_id=change.invoice_id,
        issue_date=None,
        due_date=change.due_date,
        currency=currency,
        amount_minor=change.open_before_minor,
        open_minor=change.open_before_minor,
    )
