"""Answers orders within the limits of customer and group, and reserves what it approves (C5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.account import match
from services.credit.domain.decision import Decision, Reason, decide
from services.credit.domain.policy import Policy
from services.credit.domain.reservations import Reservation, expiry_of
from services.credit.store.checks import KeptCheck, keep_checks
from services.credit.usecases.check_answer import Answer, document
from services.credit.usecases.check_desk import Desk, open_desk
from services.credit.usecases.request import Request
from shared.contracts.credit import CreditReserved
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOrder:
    """A customer would like this order on credit."""

    customer_id: UUID
    customer_number: str
    order_number: str
    amount: Money
    request: Request


async def check_orders(
    connection: AsyncConnection, commands: Sequence[CheckOrder], *, policy: Policy, outbox: Outbox
) -> list[KeptCheck]:
    """Return the kept check of each order, decided one after another.

    The customers and their groups must be locked, so that nothing is reserved beside this batch.
    """
    orders = [(each.customer_id, each.order_number) for each in commands]
    calendar_date = commands[0].request.recorded_at.date()
    desk = await open_desk(connection, orders=orders, policy=policy, calendar_date=calendar_date)
    checks = [_check(each, desk) for each in commands]
    await keep_checks(connection, checks)
    await desk.save(connection)
    causes = {
        each.check_id: command.request.cause(each.business_date) for each, command in zip(checks, commands, strict=True)
    }
    terms = {each.check_id: each.answer["terms_days"] for each in checks}
    reserved = [_reserved(each, causes[each.check_id], terms[each.check_id]) for each in desk.reserved]
    desk.risks.writing.events[:0] = reserved
    await desk.risks.writing.save(connection, outbox)
    return checks


def _check(command: CheckOrder, desk: Desk) -> KeptCheck:
    cause = command.request.cause(desk.today(command.customer_id))
    rates, caps = desk.rates[cause.business_date], desk.caps(command.customer_id, command.amount.currency)
    order = (command.customer_id, command.order_number)
    invoiced, invoiced_minor = match(desk.invoiced(order), command.amount)
    added = Money(command.amount.minor - invoiced_minor, command.amount.currency)
    outlook = desk.outlook(command.customer_id)
    standing = desk.standing(command.customer_id, outlook)
    decision = decide(order=command.amount, added=added, standing=standing, caps=caps, rates=rates)
    if invoiced_minor:
        decision = _with_invoiced(decision, Money(invoiced_minor, command.amount.currency))
    answer = Answer(
        check_id=cause.id_of("check"),
        customer_id=command.customer_id,
        customer_number=command.customer_number,
        order_number=command.order_number,
        amount=command.amount,
        profile=desk.known[command.customer_id].profile,
        decision=decision,
        outlook=outlook,
        warnings=_warnings(added, command, desk, cause),
        reservation=_reservation(command, added, cause, desk)
        if decision.outcome == "approve" and added.minor
        else None,
        parts=desk.parts[command.customer_id],
        caps=caps,
        rates=rates,
        policy_version=desk.policy.version,
        cause=cause,
    )
    kept = _kept(answer, desk.known[command.customer_id].partition_no)
    if decision.outcome == "approve":
        desk.take(order, invoiced)
    if answer.reservation is not None:
        desk.reserve(answer.reservation, cause)
    return kept


def _with_invoiced(decision: Decision, invoiced: Money) -> Decision:
    reason = Reason(
        "already_invoiced", f"{invoiced} of this order is invoiced and counts as open, not again as ordered."
    )
    return replace(decision, reasons=(*decision.reasons, reason))


def _warnings(added: Money, command: CheckOrder, desk: Desk, cause: Cause) -> list[Reason]:
    if desk.policy.watch is None:
        return []
    return desk.portfolio.warnings(
        order=added,
        buyer=desk.buyer(command.customer_id),
        watch=desk.policy.watch,
        rates=desk.rates[cause.business_date],
    )


def _reservation(command: CheckOrder, added: Money, cause: Cause, desk: Desk) -> Reservation:
    return Reservation(
        reservation_id=cause.id_of("reservation"),
        check_id=cause.id_of("check"),
        customer_id=command.customer_id,
        partition_no=desk.known[command.customer_id].partition_no,
        order_number=command.order_number,
        currency=added.currency,
        amount_minor=added.minor,
        rest_minor=added.minor,
        state="live",
        expires_date=expiry_of(cause.business_date),
        closed_date=None,
    )


def _kept(answer: Answer, partition_no: int) -> KeptCheck:
    return KeptCheck(
        check_id=answer.check_id,
        customer_id=answer.customer_id,
        partition_no=partition_no,
        order_number=answer.order_number,
        currency=answer.amount.currency,
        amount_minor=answer.amount.minor,
        decision=answer.decision.outcome,
        answer=document(answer),
        actor=answer.cause.actor,
        business_date=answer.cause.business_date,
        recorded_at=answer.cause.recorded_at,
    )


def _reserved(reservation: Reservation, cause: Cause, terms_days: int | None) -> Outgoing:
    return Outgoing(
        event=CreditReserved(
            reservation_id=reservation.reservation_id,
            order_number=reservation.order_number,
            currency=reservation.currency,
            amount_minor=reservation.amount_minor,
            expires_date=reservation.expires_date,
            terms_days=terms_days,
        ),
        subject=str(reservation.reservation_id),
        cause=cause,
        effective_date=cause.business_date,
        customer_id=reservation.customer_id,
    )
