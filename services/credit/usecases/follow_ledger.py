"""Applies the ledger's facts to customers' accounts: what is open, what is unapplied, what an order no longer holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.account import Account, Movement, Receivable, UnknownInvoice
from services.credit.domain.policy import Policy
from services.credit.domain.reservations import Consumption
from services.credit.store.accounts import load_accounts, save_accounts
from services.credit.store.profiles import load_known
from services.credit.store.rates import load_dated_rates
from services.credit.usecases.date_events import date_events
from services.credit.usecases.end_reservations import time_reservations
from services.credit.usecases.fold_habits import customer_of, open_habits
from services.credit.usecases.hear_debts import open_debts
from services.credit.usecases.rate_customers import open_ratings
from services.credit.usecases.request import ACTOR
from services.credit.usecases.risk_desk import open_risks
from services.credit.usecases.writing import Writing
from shared.contracts import ledger
from shared.contracts.credit import CreditConsumed
from shared.contracts.event import Event
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing, cause_of_event
from shared.messaging.subscription import Received, Refused
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Taken:
    """What an invoice took of a reservation."""

    invoice_id: UUID
    consumption: Consumption


Fold = Callable[[Account, Any, date], Sequence[Taken]]
"""How an account moves by an event of one class on a business date; returns what was consumed."""


def issue_invoice(account: Account, event: ledger.InvoiceIssued, day: date) -> list[Taken]:
    """Owe the invoice and consume what its order had reserved."""
    invoice = Receivable(
        invoice_id=event.invoice_id,
        entity=event.entity,
        number=event.number,
        order_number=event.order_number,
        currency=event.currency,
        total_minor=event.total_minor,
        open_minor=event.total_minor,
    )
    return [Taken(event.invoice_id, each) for each in account.issue(invoice, today=day)]


def cancel_invoice(account: Account, event: ledger.InvoiceCancelled, _day: date) -> list[Taken]:
    """Owe the invoice no more."""
    account.settle(_movements(event.changes), entity=event.entity, unapplied=Money(0, event.currency))
    account.cancel(event.invoice_id)
    return []


def issue_credit_note(account: Account, event: ledger.CreditNoteIssued, _day: date) -> list[Taken]:
    """Owe less; what the note leaves over is unapplied."""
    unapplied = Money(event.unapplied_after_minor, event.currency)
    account.settle(_movements(event.changes), entity=event.entity, unapplied=unapplied)
    return []


def receive_payment(account: Account, event: ledger.PaymentReceived, _day: date) -> list[Taken]:
    """Hold the money, which settles nothing yet."""
    account.settle((), entity=event.entity, unapplied=Money(event.amount_minor, event.currency))
    return []


def hear_overdue(_account: Account, _event: ledger.InvoiceOverdue, _day: date) -> list[Taken]:
    """Move nothing: what is overdue is part of the habit."""
    return []


Moving = ledger.PaymentAllocated | ledger.PaymentReversed | ledger.PaymentRefunded


def move_payment(account: Account, event: Moving, _day: date) -> list[Taken]:
    """Move money between unapplied and invoices, or back to the payer."""
    changes = () if isinstance(event, ledger.PaymentRefunded) else event.changes
    unapplied = Money(event.unapplied_after_minor - event.unapplied_before_minor, event.currency)
    account.settle(_movements(changes), entity=event.entity, unapplied=unapplied)
    return []


async def follow_ledger(
    connection: AsyncConnection,
    batch: Sequence[Received],
    *,
    folds: Mapping[type[Event], Fold],
    today: date,
    policy: Policy,
    recorded_at: datetime,
    outbox: Outbox,
) -> None:
    """Fold events, in order, into customers' accounts, habits and risks; save what differs, tell what follows."""
    accounts = await load_accounts(
        connection,
        {customer_of(each) for each in batch},
        invoice_ids={invoice_id for each in batch for invoice_id in _invoices_of(each.event)},
    )
    partitions = {key: each.account.partition_no for key, each in accounts.items()}
    habits = await open_habits(connection, batch, partitions=partitions, today=today)
    ratings = await open_ratings(connection, habits.habits, policy=policy.grades, writing=Writing())
    known = await load_known(connection, accounts)
    dated = date_events(batch, known, today=today)
    rates = await load_dated_rates(connection, dated.days.values())
    desk = await open_risks(connection, known, policy=policy, rates=rates, writing=ratings.writing)
    dated.note(desk.risks)
    debts = await open_debts(connection, desk.risks, habits=habits, policy=policy)
    consumed: set[UUID] = set()
    for received in batch:
        account = accounts[customer_of(received)].account
        day = dated.days[received.envelope.event_id]
        try:
            taken = folds[type(received.event)](account, received.event, day)
        except UnknownInvoice as unknown:
            raise Refused(f"the issue of invoice {unknown} was never applied") from unknown
        cause = cause_of_event(received.envelope, actor=ACTOR, business_date=day, recorded_at=recorded_at)
        ratings.writing.events += [_consumed(account.customer_id, each, cause) for each in taken]
        consumed |= {account.customer_id for _ in taken}
        if habits.hear(account.customer_id, received):
            ratings.rate(account.customer_id, habits.habits[account.customer_id], cause=cause, reason="scored")
        risk = debts.heard(desk.risks[account.customer_id], received.event)
        desk.settle(risk, parts=account.parts(), cause=cause)
    await save_accounts(connection, accounts.values())
    await habits.save(connection)
    await time_reservations(connection, {key: accounts[key].account.reservations.values() for key in consumed})
    await ratings.writing.save(connection, outbox)
    await ratings.save(connection)
    await desk.save(connection)


def _movements(changes: Sequence[ledger.InstalmentChange]) -> list[Movement]:
    return [Movement(each.invoice_id, each.open_after_minor - each.open_before_minor) for each in changes]


def _invoices_of(event: Event) -> set[UUID]:
    return {each.invoice_id for each in getattr(event, "changes", ())} | {
        each for each in (getattr(event, "invoice_id", None),) if each is not None
    }


def _consumed(customer_id: UUID, taken: Taken, cause: Cause) -> Outgoing:
    reservation = taken.consumption.reservation
    return Outgoing(
        event=CreditConsumed(
            reservation_id=reservation.reservation_id,
            order_number=reservation.order_number,
            invoice_id=taken.invoice_id,
            currency=reservation.currency,
            amount_minor=taken.consumption.amount_minor,
            rest_minor=reservation.rest_minor,
        ),
        subject=str(reservation.reservation_id),
        cause=cause,
        effective_date=cause.business_date,
        customer_id=customer_id,
    )
