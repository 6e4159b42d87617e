"""Tells other services what became of a customer as a risk: everything follows from the rows before and after."""

from collections.abc import Iterator

from services.credit.domain.holds import Hold
from services.credit.domain.risk import Risk
from shared.contracts import credit as contracts
from shared.contracts.event import Event
from shared.messaging.outgoing import Cause, Outgoing


def risk_changed(before: Risk, after: Risk, *, cause: Cause) -> list[Outgoing]:
    """Return the events that follow from this difference of light and terms."""
    return [outgoing(event, after, cause) for event in _events(before, after)]


def hold_placed(hold: Hold) -> contracts.CreditHoldPlaced:
    """Return the event of a hold."""
    return contracts.CreditHoldPlaced(hold_id=hold.hold_id, reason=hold.reason, request_id=hold.request_id)


def hold_lifted(hold: Hold) -> contracts.CreditHoldLifted:
    """Return the event of its end."""
    return contracts.CreditHoldLifted(hold_id=hold.hold_id, reason=hold.lift_reason or "")


def outgoing(event: Event, about: Risk | Hold, cause: Cause) -> Outgoing:
    """Return an event about this customer or hold, effective on the cause's date."""
    return Outgoing(
        event=event,
        subject=str(about.hold_id if isinstance(about, Hold) else about.customer_id),
        cause=cause,
        effective_date=cause.business_date,
        customer_id=about.customer_id,
    )


def _events(before: Risk, after: Risk) -> Iterator[Event]:
    if before.light != after.light:
        yield contracts.AlertLevelChanged(
            light_before=before.light, light=after.light, reasons=list(after.light_reasons)
        )
    if before.terms_days != after.terms_days:
        yield contracts.CreditTermsChanged(
            terms_days_before=before.terms_days, terms_days=after.terms_days, reasons=list(after.terms_reasons)
        )
