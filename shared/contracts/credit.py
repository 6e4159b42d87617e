"""What credit publishes: who the customers are as risks, their limits, and what was promised to their orders."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts import event
from shared.contracts.event import Code, Currency, Event, Minor, Part, Reference

Grade = Literal["A", "B", "C", "D"]
Light = Literal["green", "yellow", "red"]


class CustomerFacts(Part):
    """What other services may know of a customer: no name, number or address of a person."""

    customer_number: Reference
    kind: Literal["company", "public_body", "sole_trader"]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    industry: Code | None = None
    group: Reference | None = None
    grade: Grade | None = None
    key_customer: bool = False


class CustomerRegistered(Event, wire="credit.customer-registered.v1"):
    """A customer is known to credit."""

    facts: CustomerFacts


class CustomerProfileChanged(Event, wire="credit.customer-profile-changed.v1"):
    """Something others may know of the customer changed; `facts` are all of them as they are now."""

    facts: CustomerFacts
    changed: list[str]


class CreditScored(Event, wire="credit.credit-scored.v1"):
    """The customer's score is another one from now: other points, or by another scorecard."""

    scorecard: Code
    scorecard_version: Annotated[int, Field(ge=1)]
    points: int
    grade: Annotated[Grade, Field(description="What the points alone would give")]
    reasons: Annotated[list[Code], Field(description="Why it is not the most, the costliest first")]
    missing: Annotated[list[Code], Field(description="The characteristics of which nothing is known")]


class CreditLimitChanged(Event, wire="credit.credit-limit-changed.v1"):
    """The customer's limit is another one from now."""

    currency: Currency
    limit_before_minor: Minor | None = None
    limit_minor: Minor
    reason: Annotated[Code, Field(description="by_hand | computed | progressed | temporary | temporary_ended")]


class GradeChanged(Event, wire="credit.grade-changed.v1"):
    """The customer's grade is another one from now."""

    grade_before: Grade | None = None
    grade: Grade | None = None
    reason: Annotated[Code, Field(description="by_hand | scored | reviewed | overridden | override_ended")]


class CreditReserved(Event, wire="credit.credit-reserved.v1"):
    """An approved order holds part of the limit until its invoices come, it is released, or it expires."""

    reservation_id: UUID
    order_number: Reference
    currency: Currency
    amount_minor: Minor
    expires_date: date
    terms_days: Annotated[
        int | None, Field(ge=0, description="The longest net days promised to the order; none: as the contract says")
    ] = None


class CreditConsumed(Event, wire="credit.credit-consumed.v1"):
    """An invoice that names the order took its part of the reservation."""

    reservation_id: UUID
    order_number: Reference
    invoice_id: UUID
    currency: Currency
    amount_minor: Minor
    rest_minor: Minor


class CreditReleased(Event, wire="credit.credit-released.v1"):
    """What was still reserved is free again."""

    reservation_id: UUID
    order_number: Reference
    currency: Currency
    amount_minor: Minor
    reason: Annotated[Code, Field(description="released | expired")]


class AlertLevelChanged(Event, wire="credit.alert-level-changed.v1"):
    """The customer's traffic light is another one from now (C6)."""

    light_before: Annotated[Light | None, Field(description="None: no light was told before")] = None
    light: Light
    reasons: Annotated[
        list[Code], Field(description="grade, debt_age, promises_broken, exposure, insolvency, blacklisted")
    ]


class CreditTermsChanged(Event, wire="credit.credit-terms-changed.v1"):
    """New orders of this customer get at most so many net days; due dates of issued invoices never change (C6)."""

    terms_days_before: Annotated[int | None, Field(ge=0)] = None
    terms_days: Annotated[
        int | None, Field(ge=0, description="0: in advance; none: nothing but the contract decides")
    ] = None
    reasons: Annotated[list[Code], Field(description="Those that bind: grade, newcomer, light_yellow, light_red")]


class CreditHoldPlaced(Event, wire="credit.credit-hold-placed.v1"):
    """The ERP stops deliveries already agreed, until the hold is lifted (C6)."""

    hold_id: UUID
    reason: Code
    request_id: Annotated[UUID | None, Field(description="The SupplyStopRequested that asked for it")] = None


class CreditHoldLifted(Event, wire="credit.credit-hold-lifted.v1"):
    """The ERP resumes deliveries."""

    hold_id: UUID
    reason: Annotated[Code, Field(description="paid | secured | decided")]


class CustomerBlacklisted(Event, wire="credit.customer-blacklisted.v1"):
    """Nothing is sold to this customer on credit until a decision delists him."""

    reason: Code


class CustomerDelisted(Event, wire="credit.customer-delisted.v1"):
    """A decision took the customer off the blacklist."""

    reason: Code


class InsolvencyRecorded(Event, wire="credit.insolvency-recorded.v1"):
    """The customer's insolvency was opened on that date."""

    opened_date: date


class InsolvencyWithdrawn(Event, wire="credit.insolvency-withdrawn.v1"):
    """The customer's insolvency is over, or was recorded in error."""

    reason: Code


class DayWorked(event.DayWorked, Event, wire="credit.day-worked.v1"):
    """Credit has ended this day for this partition."""
