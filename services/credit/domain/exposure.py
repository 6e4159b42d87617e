"""What counts against a limit: open receivables and live reservations, less unapplied cash (C5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.credit.domain.rates import Rates
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one customer or group owes, has reserved and has paid in advance, in one currency."""

    open_minor: int = 0
    reserved_minor: int = 0
    unapplied_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What counts against a limit."""
        return self.open_minor + self.reserved_minor - self.unapplied_minor

    def __add__(self, other: "Part") -> "Part":
        return Part(
            open_minor=self.open_minor + other.open_minor,
            reserved_minor=self.reserved_minor + other.reserved_minor,
            unapplied_minor=self.unapplied_minor + other.unapplied_minor,
        )


Parts = Mapping[str, Part]
"""The parts by currency."""


def combine(several: Iterable[Parts]) -> dict[str, Part]:
    """Return the parts of all of them together."""
    total: dict[str, Part] = {}
    for parts in several:
        for currency, part in parts.items():
            total[currency] = total.get(currency, Part()) + part
    return total


def with_order(parts: Parts, order: Money) -> dict[str, Part]:
    """Return the parts once the order is reserved."""
    return combine([parts, {order.currency: Part(reserved_minor=order.minor)}])


def exposure(parts: Parts, *, currency: str, rates: Rates) -> Money:
    """Return the sum of all parts in one currency; each foreign currency's net is converted and rounded once."""
    total = Money(0, currency)
    for part_currency, part in parts.items():
        if part.net_minor:
            total += rates.convert(Money(part.net_minor, part_currency), currency)
    return total
