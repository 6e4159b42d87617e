"""Decides on an order: approve, ask for a prepayment, or refuse, always with the reasons and the numbers (C5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from services.credit.domain.exposure import Parts, exposure, with_order
from services.credit.domain.rates import RateMissing, Rates
from shared.money import Money

Outcome = Literal["approve", "prepayment", "refuse"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code for programs and a sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands in the way of any credit, whatever the sums; `red` says why the traffic light is, if it is."""

    parked: bool = False
    blacklisted: bool = False
    insolvent: bool = False
    cash_only: bool = False
    red: tuple[Reason, ...] = ()
    held: bool = False


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit, whose it is ("customer", "new_customer" or "group"), and what counts against it."""

    holder: Literal["customer", "new_customer", "group"]
    limit: Money
    parts: Parts


@dataclass(frozen=True, slots=True)
class Measure:
    """A limit with the exposure before and after the order, in the limit's currency."""

    cap: Cap
    before: Money
    after: Money

    @property
    def excess(self) -> Money:
        """By how much the exposure with the order is over the limit; negative while it fits."""
        return self.after - self.cap.limit


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer; `prepayment` is None unless that is the outcome."""

    outcome: Outcome
    prepayment: Money | None
    reasons: tuple[Reason, ...]
    measures: tuple[Measure, ...]


def decide(*, order: Money, added: Money, standing: Standing, caps: Sequence[Cap], rates: Rates) -> Decision:
    """Return the decision on an order of which `added` is not invoiced yet; `caps` holds every limit it must fit under.

    Without a cap no limit is known, so all is asked for in advance. The strictest reason wins; all are listed.
    """
    refusals = list(_refusals(standing))
    measures: list[Measure] = []
    for cap in caps:
        try:
            measures.append(measure(cap, added=added, rates=rates))
        except RateMissing as missing:
            refusals.append(_rate_missing(missing))
    if refusals:
        return Decision("refuse", None, tuple(dict.fromkeys(refusals)), tuple(measures))
    return _weigh(order=order, standing=standing, measures=tuple(measures), rates=rates)


def measure(cap: Cap, *, added: Money, rates: Rates) -> Measure:
    """Return the exposure under `cap` before and after the order; raise RateMissing."""
    currency = cap.limit.currency
    return Measure(
        cap,
        before=exposure(cap.parts, currency=currency, rates=rates),
        after=exposure(with_order(cap.parts, added), currency=currency, rates=rates),
    )


def _refusals(standing: Standing) -> Iterable[Reason]:
    if standing.parked:
        yield Reason("customer_parked", "An event of this customer could not be applied: a person must look.")
    if standing.insolvent:
        yield Reason("insolvency", "Insolvency of this customer is recorded.")
    if standing.blacklisted:
        yield Reason("blacklisted", "This customer is on the blacklist.")


def _rate_missing(missing: RateMissing) -> Reason:
    return Reason(
        "exchange_rate_missing",
        f"No rate from {missing.base} to {missing.quote} is known: POST /v1/exchange-rates with base {missing.base} "
        f"and quote {missing.quote}, dated today or before.",
    )


def _weigh(*, order: Money, standing: Standing, measures: tuple[Measure, ...], rates: Rates) -> Decision:
    reasons: list[Reason] = []
    prepaid = Money(0, order.currency)
    if standing.cash_only:
        reasons.append(Reason("grade_d", "Customers of grade D pay in advance."))
        prepaid = order
    if standing.red:
        causes = " ".join(each.text for each in standing.red)
        reasons.append(Reason("light_red", f"The traffic light is red: all in advance, or security. {causes}"))
        prepaid = order
    if standing.held:
        reasons.append(Reason("on_hold", "Deliveries to this customer are stopped: all in advance."))
        prepaid = order
    if not any(each.cap.holder != "group" for each in measures):
        reasons.append(Reason("no_limit", f"No limit is known for this customer in {order.currency}: all in advance."))
        prepaid = order
    for each in measures:
        if each.excess.minor > 0:
            reasons.append(_over(each))
            share = rates.least_covering(each.excess, order.currency)
            prepaid = Money(min(order.minor, max(prepaid.minor, share.minor)), order.currency)
    if prepaid.minor:
        return Decision("prepayment", prepaid, tuple(reasons), measures)
    return Decision("approve", None, tuple(Reason("within_limit", _fits(each)) for each in measures), measures)


def _over(measure: Measure) -> Reason:
    held = "The group's" if measure.cap.holder == "group" else "The customer's"
    code = "over_group_limit" if measure.cap.holder == "group" else "over_limit"
    return Reason(
        code, f"{held} exposure with the order would be {measure.after}, over the limit of {measure.cap.limit}."
    )


def _fits(measure: Measure) -> str:
    held = {"customer": "the customer's", "new_customer": "the new customers'", "group": "the group's"}
    return (
        f"Exposure with the order is {measure.after}, within {held[measure.cap.holder]} limit of {measure.cap.limit}."
    )
