"""What every event is: a frozen, versioned fact with a wire name, strict when it is read, tolerant of newer fields."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.money import CURRENCIES

_registry: dict[str, type["Event"]] = {}


def _current(code: str) -> str:
    if code not in CURRENCIES:
        msg = "not a current ISO 4217 currency"
        raise ValueError(msg)
    return code


Currency = Annotated[str, AfterValidator(_current), Field(description="ISO 4217 code", examples=["CNY"])]
Minor = Annotated[int, Field(ge=-(10**17), le=10**17, description="Minor units of the event's currency")]
Code = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9][a-z0-9_.+-]*$",
        description="A reason, step or kind from a closed list or a policy",
    ),
]
Reference = Annotated[str, Field(min_length=1, max_length=128, description="A document's number as people write it")]
DailyRatePct = Annotated[Decimal, Field(ge=0, le=100, description="Per cent a day, simple; text on the wire")]


class Part(BaseModel):
    """A group of fields inside an event."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Event(Part):
    """A fact that a service publishes; subclasses name it on the wire by `wire`, such as `ledger.invoice-issued.v1`."""

    wire: ClassVar[str]

    def __init_subclass__(cls, *, wire: str | None = None, **kwargs: Any) -> None:
        """Record the wire name; one name belongs to one class for ever."""
        super().__init_subclass__(**kwargs)
        if wire is None:
            return
        if wire in _registry:
            msg = f"{wire} is declared twice"
            raise TypeError(msg)
        cls.wire = wire
        _registry[wire] = cls


class DayWorked(Part):
    """The body of each service's marker: it has ended the work of `day` for the partition that carries this event."""

    day: date


def catalogue() -> dict[str, type[Event]]:
    """Return every declared event by wire name."""
    return dict(sorted(_registry.items()))
