"""Money as an integer number of minor units with its ISO 4217 currency: never a float, never without a currency."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel.core import get_global
from babel.numbers import get_territory_currencies

# Minor digits of ISO 4217 where they are not two. CLDR's differ (no Iraqi fils in daily use); invoices follow ISO.
_MINOR_DIGITS = dict.fromkeys(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"], 0
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)

# Fixed, so that the same input is accepted or refused whenever it is replayed.
_TENDER_AS_OF = date(2026, 1, 1)

CURRENCIES: frozenset[str] = frozenset(
    code
    for territory in get_global("territory_currencies")
    for code in get_territory_currencies(territory, start_date=_TENDER_AS_OF)
)

_AMOUNT = re.compile(r"-?[0-9]{1,15}([.][0-9]{1,4})?")


class AmountError(ValueError):
    """The text is no amount of this currency; the message says what to write instead."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents, fen, yen) of one currency."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {format_amount(self.minor, self.currency)}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            msg = f"{self.currency} and {other.currency} do not add up without a rate"
            raise AmountError(msg)


def minor_digits(currency: str) -> int:
    """Return how many decimals `currency` has in ISO 4217; raise AmountError where it is no current currency."""
    if currency not in CURRENCIES:
        msg = "not a current ISO 4217 currency code in capitals, such as CNY"
        raise AmountError(msg)
    return _MINOR_DIGITS.get(currency, 2)


def parse_amount(text: str, currency: str) -> int:
    """Return the minor units that `text` ("1250.00") means in `currency`; raise AmountError where it means none."""
    if _AMOUNT.fullmatch(text) is None:
        msg = "write an amount with at most 15 digits, a point and decimals, such as 1250.00"
        raise AmountError(msg)
    digits = minor_digits(currency)
    whole, _, decimals = text.partition(".")
    if len(decimals) > digits:
        msg = f"{currency} has {digits} decimals"
        raise AmountError(msg)
    return int(whole + decimals.ljust(digits, "0"))


def format_amount(minor: int, currency: str) -> str:
    """Return minor units as the decimal text that `parse_amount` reads back."""
    digits = minor_digits(currency)
    sign, units = ("-" if minor < 0 else ""), str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{units[:-digits]}.{units[-digits:]}" if digits else f"{sign}{units}"


def round_minor(amount: Decimal) -> int:
    """Return `amount` (in minor units, any precision) rounded half up, away from zero: once per posted line."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def split_by_weight(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split a sum in proportion to weights by largest remainder, exactly; earlier parts win ties (facts 3.3)."""
    weight = sum(weights)
    if weight <= 0 or total_minor < 0:
        msg = "a split needs a sum of zero or more and a positive weight"
        raise ValueError(msg)
    parts = [total_minor * each // weight for each in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total_minor * weights[i] % weight))
    for index in by_remainder[: total_minor - sum(parts)]:
        parts[index] += 1
    return parts
