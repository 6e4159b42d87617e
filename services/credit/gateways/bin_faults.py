"""Finds what is wrong with the bins of a characteristic: every value must fall in exactly one of them (C2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from services.credit.domain.inputs import CATEGORIES
from services.credit.domain.scorecard import Bin
from services.credit.gateways.lined_yaml import Place


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where in the document."""

    place: Place
    detail: str


def bin_faults(place: Place, input_name: str, bins: Sequence[Bin]) -> Iterator[Fault]:
    """Give the faults of these bins, which stand at `place`."""
    if input_name in CATEGORIES:
        yield from _of_values(place, CATEGORIES[input_name], bins)
    else:
        yield from _of_ranges(place, bins)


def _of_values(place: Place, known: Sequence[str], bins: Sequence[Bin]) -> Iterator[Fault]:
    taken: dict[str, int] = {}
    for number, each in enumerate(bins):
        if each.start is not None or each.end is not None or not each.values:
            yield Fault((*place, number), "A category has bins of values, without from and to")
        for value in sorted(each.values):
            if value not in known:
                yield Fault((*place, number, "values"), f"{value} is no value; values are {', '.join(known)}")
            elif value in taken:
                yield Fault((*place, number, "values"), f"{value} overlaps: bin {taken[value] + 1} has it too")
            taken.setdefault(value, number)
    if missing := [value for value in known if value not in taken]:
        yield Fault((*place, len(bins) - 1), f"There is a hole: no bin has {', '.join(missing)}")


def _of_ranges(place: Place, bins: Sequence[Bin]) -> Iterator[Fault]:
    last = len(bins) - 1
    for number, each in enumerate(bins):
        if each.values:
            yield Fault((*place, number, "values"), "A figure has bins of ranges, without values")
        if each.start is not None and each.end is not None and each.start >= each.end:
            yield Fault((*place, number), f"The bin is unordered: from {each.start} is not below to {each.end}")
    if bins[0].start is not None:
        yield Fault((*place, 0), f"There is a hole below {bins[0].start}: the first bin must have no from")
    if bins[last].end is not None:
        yield Fault((*place, last), f"There is a hole from {bins[last].end} on: the last bin must have no to")
    for number, (before, each) in enumerate(pairwise(bins), start=1):
        yield from _between((*place, number), number, before.end, each.start)


def _between(place: Place, before: int, end: Decimal | None, start: Decimal | None) -> Iterator[Fault]:
    if end is None:
        yield Fault(place, f"The bin overlaps with bin {before}, which has no to")
    elif start is None:
        yield Fault(place, f"The bin overlaps with bin {before}: only the first may have no from")
    elif start < end:
        yield Fault(place, f"The bin overlaps with bin {before}, which ends at {end}, or they are unordered")
    elif start > end:
        yield Fault(place, f"There is a hole between {end}, where bin {before} ends, and {start}")
