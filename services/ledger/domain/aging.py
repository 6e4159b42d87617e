"""Sorts what is open into bands of days past due: half-open, without gap or overlap, defined in one place (L9)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Band:
    """The days past due from `first_day` up to, not including, `end_day`; None is without end."""

    name: str
    first_day: int | None
    end_day: int | None


@dataclass(frozen=True, slots=True)
class Bands:
    """A policy of aging: each band starts where the one before it ends, so that every day lies in exactly one."""

    starts: tuple[int, ...]

    @classmethod
    def starting_at(cls, *starts: int) -> Self:
        """Return the bands that start at these days past due: rising, the first at 1, for day 0 is not overdue."""
        if not starts or starts[0] != 1 or list(starts) != sorted(set(starts)):
            raise ValueError("bands start at rising days past due, the first of them at 1")
        return cls(starts)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names by rising age: `not_due`, `d1_30`, ..., `d91_plus`."""
        closed = [f"d{start}_{end - 1}" for start, end in pairwise(self.starts)]
        return ("not_due", *closed, f"d{self.starts[-1]}_plus")

    def definition(self) -> list[Band]:
        """Return each band with its limits."""
        limits = pairwise((None, *self.starts, None))
        return [Band(name, first, end) for name, (first, end) in zip(self.names, limits, strict=True)]


BY_DUE_DATE = Bands.starting_at(1, 31, 61, 91)
"""The business's default: not due, 1-30, 31-60, 61-90, 91+ (facts 3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedSum:
    """What is open in one currency at one date: of one entity and perhaps one customer, or of all where they are None.

    `open_minor` holds one sum for each band, by rising age. `unapplied_minor` is credit that settles no debt yet.
    """

    entity: str | None
    customer_id: UUID | None
    currency: str
    open_minor: tuple[int, ...]
    unapplied_minor: int
    open_invoices: int
    overdue_invoices: int

    @property
    def total_minor(self) -> int:
        """Return all that is open: the sum of the bands, and the receivables control account."""
        return sum(self.open_minor)

    @property
    def overdue_minor(self) -> int:
        """Return what is open in all bands but the first."""
        return sum(self.open_minor[1:])

    @property
    def net_minor(self) -> int:
        """Return what is open less the credit that waits."""
        return self.total_minor - self.unapplied_minor
