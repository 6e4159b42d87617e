"""What the bodies of the ledger's requests are made of, and how they become the domain's values."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from services.ledger.domain.refusals import Invalid
from services.ledger.usecases.origin import Origin
from shared.clock import Clock
from shared.money import AmountError, parse_amount
from shared.web.idempotency import KeyedRequest
from shared.web.models import SingleLine


def _at_most_hundred(text: str) -> str:
    if Decimal(text) > 100:  # noqa: PLR2004 - per cent
        msg = "At most 100"
        raise ValueError(msg)
    return text


CodeText = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]{0,63}$")]
Number = Annotated[str, SingleLine(128)]
Rate = Annotated[
    str, Field(pattern=r"^[0-9]{1,3}([.][0-9]{1,6})?$", examples=["0.05"]), AfterValidator(_at_most_hundred)
]


def minor(text: str, currency: str, *, pointer: str) -> int:
    """Return an amount in minor units; raise Invalid where the currency has not so many decimals."""
    try:
        return parse_amount(text, currency)
    except AmountError as error:
        raise Invalid(f"{error}.", pointer=pointer) from None


def origin_of(keyed: KeyedRequest, clock: Clock) -> Origin:
    """Return where a request's command comes from."""
    origin = keyed.origin
    return Origin(
        cause_id=origin.cause_id,
        actor=origin.actor,
        correlation_id=origin.correlation_id,
        traceparent=origin.traceparent,
        recorded_at=clock.now(),
    )
