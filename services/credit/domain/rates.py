"""Converts sums between currencies by the rates that were posted; a missing rate is named, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal

from shared.money import Money, minor_digits

# Wide enough for any amount times any rate without a second rounding.
_EXACT = Context(prec=80)


class RateMissing(Exception):
    """Nobody posted a rate from `base` to `quote` for the day or before it."""

    def __init__(self, base: str, quote: str) -> None:
        super().__init__(f"{base} to {quote}")
        self.base = base
        self.quote = quote


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates that count on one day: 1 unit of the first currency is `rate` units of the second."""

    by_pair: Mapping[tuple[str, str], Decimal]

    def convert(self, money: Money, quote: str) -> Money:
        """Return `money` in `quote`, rounded half up, away from zero; raise RateMissing."""
        exact = _EXACT.multiply(Decimal(money.minor), self._factor(money.currency, quote))
        return Money(int(exact.to_integral_value(ROUND_HALF_UP, _EXACT)), quote)

    def least_covering(self, money: Money, base: str) -> Money:
        """Return the smallest sum in `base` that is worth at least `money`; raise RateMissing."""
        exact = _EXACT.divide(Decimal(money.minor), self._factor(base, money.currency))
        return Money(int(exact.to_integral_value(ROUND_CEILING, _EXACT)), base)

    def _factor(self, base: str, quote: str) -> Decimal:
        """Minor units of `quote` for one minor unit of `base`."""
        return self._rate(base, quote).scaleb(minor_digits(quote) - minor_digits(base), _EXACT)

    def _rate(self, base: str, quote: str) -> Decimal:
        if base == quote:
            return Decimal(1)
        try:
            return self.by_pair[base, quote]
        except KeyError:
            raise RateMissing(base, quote) from None
