"""Warns when an order brings an industry, a country or one customer near its share of all exposure (C5, C11)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from services.credit.domain.decision import Reason
from services.credit.domain.exposure import Part, Parts, combine, exposure, with_order
from services.credit.domain.rates import RateMissing, Rates
from shared.money import Money

Blocks = dict[str, dict[str, Part]]
"""The exposure of an industry or country, by its name and by currency."""


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
    """The customer who orders, and his own exposure."""

    industry: str | None
    country: str | None
    parts: Parts


@dataclass(slots=True)
class Portfolio:
    """What all customers owe together, and by industry and country."""

    everybody: dict[str, Part] = field(default_factory=dict)
    by_industry: Blocks = field(default_factory=dict)
    by_country: Blocks = field(default_factory=dict)

    def add(self, *, industry: str | None, country: str | None, parts: Parts) -> None:
        """Count these parts too."""
        self.everybody = combine([self.everybody, parts])
        for blocks, name in ((self.by_industry, industry), (self.by_country, country)):
            if name is not None:
                blocks[name] = combine([blocks.get(name, {}), parts])

    def warnings(self, *, order: Money, buyer: Buyer, watch: Watch, rates: Rates) -> list[Reason]:
        """Return the warnings that the order raises; a rate that is missing is itself a warning."""
        measured = _Measured(order, watch, rates)
        try:
            return [
                *measured.block("industry", buyer.industry, self.by_industry, watch.by_industry),
                *measured.block("country", buyer.country, self.by_country, watch.by_country),
                *measured.share(buyer.parts, self.everybody),
            ]
        except RateMissing as missing:
            return [Reason("portfolio_unknown", f"Portfolio limits were not checked: no rate from {missing} is known.")]


@dataclass(frozen=True, slots=True)
class _Measured:
    """An order measured against the portfolio's limits."""

    order: Money
    watch: Watch
    rates: Rates

    def block(self, kind: str, name: str | None, blocks: Blocks, limits: Mapping[str, int]) -> Iterator[Reason]:
        if name is None or name not in limits:
            return
        limit, after = Money(limits[name], self.watch.currency), self._after(blocks.get(name, {}))
        if after.minor * 100 >= limit.minor * self.watch.from_pct:
            text = f"Exposure of the {kind} {name} with the order is {after}; its limit is {limit}."
            yield Reason(f"{kind}_limit", text)

    def share(self, own: Parts, everybody: Parts) -> Iterator[Reason]:
        warned_pct = self.watch.customer_share_pct
        if warned_pct is None:
            return
        own_minor, all_minor = self._after(own).minor, self._after(everybody).minor
        if all_minor > 0 and own_minor * 100 >= all_minor * warned_pct:
            share = round(own_minor * 100 / Decimal(all_minor), 1)
            text = f"The customer would hold {share} % of all exposure; {warned_pct} % warn."
            yield Reason("concentration", text)

    def _after(self, parts: Parts) -> Money:
        return exposure(with_order(parts, self.order), currency=self.watch.currency, rates=self.rates)
