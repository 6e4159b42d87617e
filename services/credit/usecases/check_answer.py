"""Writes the answer to a credit check as it is sent and kept: decision, reasons, and every number that it used."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.credit.domain.decision import Cap, Decision, Measure, Reason
from services.credit.domain.exposure import Parts
from services.credit.domain.profile import Profile
from services.credit.domain.rates import Rates
from services.credit.domain.reservations import Reservation
from services.credit.domain.risk import Outlook
from services.credit.domain.terms import PREPAID_DAYS
from shared.messaging.outgoing import Cause
from shared.money import Money, format_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is known once an order was decided on."""

    check_id: UUID
    customer_id: UUID
    customer_number: str
    order_number: str
    amount: Money
    profile: Profile | None
    decision: Decision
    outlook: Outlook
    warnings: Sequence[Reason]
    reservation: Reservation | None
    parts: Parts
    caps: Sequence[Cap]
    rates: Rates
    policy_version: str
    cause: Cause


def document(answer: Answer) -> dict[str, Any]:
    """Return the answer as a JSON document; all amounts are text with their currency."""
    decision, profile, reservation = answer.decision, answer.profile, answer.reservation
    own = next((each for each in decision.measures if each.cap.holder != "group"), None)
    group = next((each for each in decision.measures if each.cap.holder == "group"), None)
    return {
        "check_id": str(answer.check_id),
        "customer_id": str(answer.customer_id),
        "customer_number": answer.customer_number,
        "order_number": answer.order_number,
        **money(answer.amount),
        "decision": decision.outcome,
        "prepayment": money(decision.prepayment) if decision.prepayment else None,
        "reservation_id": str(reservation.reservation_id) if reservation else None,
        "reserved": money(Money(reservation.amount_minor, reservation.currency)) if reservation else None,
        "expires_date": str(reservation.expires_date) if reservation else None,
        "reasons": [_reason(each) for each in decision.reasons],
        "warnings": [_reason(each) for each in answer.warnings],
        "limit": _limit(answer.caps),
        "exposure": {**_measured(own), "parts": shown_parts(answer.parts)},
        "group": {"code": profile.group, **_group(group)} if profile and profile.group else None,
        "grade": profile.grade if profile else None,
        "light": answer.outlook.light.color,
        "terms_days": _terms_days(answer),
        "known_customer": profile is not None,
        "exchange_rates": _rates(answer),
        "policy_version": answer.policy_version,
        "business_date": str(answer.cause.business_date),
        "checked_at": answer.cause.recorded_at.isoformat().replace("+00:00", "Z"),
    }


def money(sum_: Money) -> dict[str, str]:
    """Return a sum as JSON."""
    return {"amount": format_amount(sum_.minor, sum_.currency), "currency": sum_.currency}


def shown_parts(parts: Parts) -> list[dict[str, str]]:
    """Return the parts of an exposure by currency, as JSON."""
    return [
        {
            "currency": currency,
            "open_receivables": format_amount(part.open_minor, currency),
            "live_reservations": format_amount(part.reserved_minor, currency),
            "unapplied_cash": format_amount(part.unapplied_minor, currency),
            "exposure": format_amount(part.net_minor, currency),
        }
        for currency, part in sorted(parts.items())
    ]


def _terms_days(answer: Answer) -> int | None:
    """Return the longest net days for what is not prepaid; 0 if all is."""
    return PREPAID_DAYS if answer.decision.prepayment == answer.amount else answer.outlook.terms.days


def _reason(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "text": reason.text}


def _limit(caps: Sequence[Cap]) -> dict[str, str] | None:
    own = next((each for each in caps if each.holder != "group"), None)
    return {"holder": own.holder, **money(own.limit)} if own else None


def _measured(measure: Measure | None) -> dict[str, Any]:
    before, after = (measure.before, measure.after) if measure else (None, None)
    return {"before": money(before) if before else None, "with_order": money(after) if after else None}


def _group(measure: Measure | None) -> dict[str, Any]:
    if measure is None:
        return {"limit": None, "exposure": None}
    return {
        "limit": money(measure.cap.limit),
        "exposure": {**_measured(measure), "parts": shown_parts(measure.cap.parts)},
    }


def _rates(answer: Answer) -> list[dict[str, str]]:
    """Return the rates that the limits took; those that are missing are among the reasons."""
    used: dict[tuple[str, str], str] = {}
    for cap in answer.caps:
        for base in sorted({answer.amount.currency, *cap.parts} - {cap.limit.currency}):
            rate = answer.rates.by_pair.get((base, cap.limit.currency))
            if rate is not None:
                used[base, cap.limit.currency] = format(rate.normalize(), "f")
    return [{"base": base, "quote": quote, "rate": rate} for (base, quote), rate in used.items()]
