"""What the ledger's changing requests are made of, and how they become commands and answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from services.ledger.domain.refusals import Invalid
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import problem_of
from shared.clock import Clock
from shared.money import AmountError, parse_amount
from shared.web.idempotency import KeyedRequest, StoredAnswer
from shared.web.models import SingleLine


def _at_most_hundred(text: str) -> str:
    if Decimal(text) > 100:  # noqa: PLR2004 - per cent
        msg = "At most 100"
        raise ValueError(msg)
    return text


# The events' limit: beyond it a sum might not fit 64 bits.
_LARGEST_MINOR = 10**17

CodeText = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]{0,63}$")]
Bic = Annotated[str, Field(pattern=r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$", examples=["ICBKCNBJSHI"])]
Number = Annotated[str, SingleLine(128)]
TaxText = Annotated[str, Field(pattern=r"^[0-9]{1,15}([.][0-9]{1,4})?$", examples=["162.50"])]
Rate = Annotated[
    str, Field(pattern=r"^[0-9]{1,3}([.][0-9]{1,6})?$", examples=["0.05"]), AfterValidator(_at_most_hundred)
]


def minor(text: str, currency: str, *, pointer: str) -> int:
    """Return an amount in minor units; raise Invalid where it has too many decimals or is too large."""
    try:
        amount = parse_amount(text, currency)
    except AmountError as error:
        raise Invalid(f"{error}.", pointer=pointer) from None
    if abs(amount) > _LARGEST_MINOR:
        raise Invalid("Too large.", pointer=pointer)
    return amount


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


def answer(status: int, view: BaseModel) -> StoredAnswer:
    """Return a view as the answer that is stored and repeated."""
    return StoredAnswer(status, view.model_dump_json().encode())


@contextmanager
def refusing() -> Iterator[None]:
    """Turn the domain's refusal of a body into its problem."""
    try:
        yield
    except Invalid as refusal:
        raise problem_of(refusal) from None
