"""Warns when an order brings an industry, a country or one customer near its share of all exposure (C5, C11)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.credit.domain.decision import Reason
from services.credit.domain.exposure import Parts, combine, exposure, with_order
from services.credit.domain.rates import RateMissing, Rates
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Slice:
    """What all customers of one industry and country owe together."""

    industry: str | None
    country: str | None
    parts: Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The limits that warn and never refuse; sums are in minor units of `currency`."""

    currency: str
    from_pct: Decimal
    by_industry: Mapping[str, int]
    by_country: Mapping[str, int]
    customer_share_pct: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """The customer who orders."""

    industry: str | None
    country: str | None
    parts: Parts


def warnings(*, order: Money, buyer: Buyer, slices: Iterable[Slice], watch: Watch, rates: Rates) -> list[Reason]:
    """Return the warnings that the order raises; a rate that is missing is itself a warning."""
    slices = list(slices)
    try:
        return [
            *_of_block(
                "industry", buyer.industry, watch.by_industry, order=order, slices=slices, watch=watch, rates=rates
            ),
            *_of_block(
                "country", buyer.country, watch.by_country, order=order, slices=slices, watch=watch, rates=rates
            ),
            *_of_share(order=order, buyer=buyer, slices=slices, watch=watch, rates=rates),
        ]
    except RateMissing as missing:
        return [Reason("portfolio_unknown", f"Portfolio limits were not checked: no rate from {missing} is known.")]


def _of_block(
    kind: str,
    name: str | None,
    limits: Mapping[str, int],
    *,
    order: Money,
    slices: list[Slice],
    watch: Watch,
    rates: Rates,
) -> Iterable[Reason]:
    if name is None or name not in limits:
        return
    limit = Money(limits[name], watch.currency)
    parts = combine(each.parts for each in slices if getattr(each, kind) == name)
    after = exposure(with_order(parts, order), currency=watch.currency, rates=rates)
    if after.minor * 100 >= limit.minor * watch.from_pct:
        yield Reason(f"{kind}_limit", f"Exposure of the {kind} {name} with the order is {after}; its limit is {limit}.")


def _of_share(*, order: Money, buyer: Buyer, slices: list[Slice], watch: Watch, rates: Rates) -> Iterable[Reason]:
    if watch.customer_share_pct is None:
        return
    own = exposure(with_order(buyer.parts, order), currency=watch.currency, rates=rates)
    everybody = combine(each.parts for each in slices)
    total = exposure(with_order(everybody, order), currency=watch.currency, rates=rates)
    if total.minor > 0 and own.minor * 100 >= total.minor * watch.customer_share_pct:
        share = round(own.minor * 100 / Decimal(total.minor), 1)
        yield Reason(
            "concentration", f"The customer would hold {share} % of all exposure; {watch.customer_share_pct} % warn."
        )
