"""Laws of the domain: exposure is what a plain sum says, reservations conserve money, decisions fit their limits."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.domain.account import Account, Movement, Receivable, match
from services.credit.domain.decision import Cap, Standing, decide
from services.credit.domain.exposure import Part, combine, exposure, with_order
from services.credit.domain.portfolio import Portfolio
from services.credit.domain.rates import RateMissing, Rates
from services.credit.domain.reservations import NotLive, Reservation, consume, expiry_of, lapse, next_date_of, release
from shared.money import Money

TODAY = date(2026, 3, 2)
HOME = UUID(int=1)
NO_RATES = Rates({})

amounts = st.integers(min_value=1, max_value=10**9)
signed_parts = st.builds(
    lambda open_, reserved, unapplied: Part(open_minor=open_, reserved_minor=reserved, unapplied_minor=unapplied),
    *[st.integers(min_value=0, max_value=10**9)] * 3,
)
rates = st.decimals(min_value="0.0001", max_value="9999", places=4).filter(lambda rate: rate > 0)


def reservation(number: int, amount: int, *, order: str = "O-1", expires: date | None = None) -> Reservation:
    """A live reservation."""
    return Reservation(
        reservation_id=UUID(int=number),
        check_id=UUID(int=number),
        customer_id=HOME,
        partition_no=0,
        order_number=order,
        currency="CNY",
        amount_minor=amount,
        rest_minor=amount,
        state="live",
        expires_date=expires or expiry_of(TODAY),
        closed_date=None,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    """Steps of an account: issue, pay, settle or reverse; which invoice; how much."""
    kinds = st.sampled_from(["issue", "pay", "settle", "reverse"])
    return draw(st.lists(st.tuples(kinds, st.integers(0, 4), st.integers(0, 1000)), max_size=40))


@given(history=histories(), orders=st.lists(amounts, max_size=3))
def test_an_account_is_the_sum_of_its_facts(history: list[tuple[str, int, int]], orders: list[int]) -> None:
    """C5: open + live reservations - unapplied, whatever happened, equals a model that knows no accounts."""
    account = Account(customer_id=HOME, partition_no=0)
    account.reservations = {
        UUID(int=n): reservation(n, amount, order=f"O-{n}") for n, amount in enumerate(orders, start=1)
    }
    open_model: dict[int, int] = {}
    total: dict[int, int] = {}
    held = dict(enumerate(orders, start=1))
    unapplied = 0
    for kind, which, share in history:
        invoice = UUID(int=100 + which)
        if kind == "issue" and which not in open_model:
            open_model[which] = total[which] = share * 1000
            issued = Receivable(
                invoice_id=invoice, entity="cn01", number=str(which), order_number=f"O-{which}", currency="CNY",
                total_minor=share * 1000, open_minor=share * 1000,
            )  # fmt: skip
            account.issue(issued, today=TODAY)
            held[which] = max(0, held.get(which, 0) - share * 1000)
        elif kind == "pay":
            account.settle((), entity="cn01", unapplied=Money(share, "CNY"))
            unapplied += share
        elif kind == "settle" and which in open_model:
            part = min(open_model[which], unapplied, share)
            account.settle([Movement(invoice, -part)], entity="cn01", unapplied=Money(-part, "CNY"))
            open_model[which] -= part
            unapplied -= part
        elif kind == "reverse" and which in open_model:
            part = min(total[which] - open_model[which], share)
            account.settle([Movement(invoice, part)], entity="cn01", unapplied=Money(0, "CNY"))
            open_model[which] += part
    reserved = sum(each.rest_minor for each in account.reservations.values() if each.state == "live")
    assert reserved == sum(held.values())
    balance = account.balances.get(("cn01", "CNY"))
    assert (balance.open_minor if balance else 0) == sum(open_model.values())
    assert (balance.unapplied_minor if balance else 0) == unapplied
    assert sum(each.open_minor for each in account.receivables.values()) == sum(open_model.values())


@given(amount=amounts, held=st.lists(amounts, max_size=5))
def test_consuming_conserves_money(amount: int, held: list[int]) -> None:
    """C5: an invoice takes exactly the smaller of its amount and what its order holds, soonest expiry first."""
    reservations = [reservation(n, each, expires=TODAY + timedelta(days=n % 3)) for n, each in enumerate(held, start=1)]
    taken = consume(reservations, order_number="O-1", currency="CNY", amount_minor=amount, today=TODAY)
    assert sum(each.amount_minor for each in taken) == min(amount, sum(held))
    before = {each.reservation_id: each.rest_minor for each in reservations}
    assert all(
        before[each.reservation.reservation_id] == each.amount_minor + each.reservation.rest_minor for each in taken
    )
    assert all(each.reservation.state == "consumed" for each in taken[:-1])
    expiries = [each.reservation.expires_date for each in taken]
    assert expiries == sorted(expiries)
    assert not consume(reservations, order_number="O-2", currency="CNY", amount_minor=amount, today=TODAY)
    assert not consume(reservations, order_number="O-1", currency="USD", amount_minor=amount, today=TODAY)


@given(days=st.integers(-40, 40), amount=amounts)
def test_a_reservation_ends_once(days: int, amount: int) -> None:
    """C5: consumed, released or expired, and then never again."""
    held = reservation(1, amount)
    day = held.expires_date + timedelta(days=days)
    lapsed = lapse([held], day=day)
    assert bool(lapsed) == (days > 0) == (next_date_of([held]) is not None and day >= held.lapse_date)
    for ended in [*lapsed, release(held, today=TODAY)]:
        assert (ended.rest_minor, next_date_of([ended]), lapse([ended], day=date.max)) == (0, None, [])
        assert not consume([ended], order_number="O-1", currency="CNY", amount_minor=1, today=TODAY)
        with pytest.raises(NotLive):
            release(ended, today=TODAY)


@given(part=signed_parts, order=amounts, invoiced=amounts, limit=st.integers(0, 10**9), rate=rates)
def test_what_is_left_after_the_prepayment_fits_the_limit(
    part: Part, order: int, invoiced: int, limit: int, rate: Decimal
) -> None:
    """C5: after the prepayment the rest fits, or all of the order is prepaid; approved is what fits as it is."""
    by_rate = Rates({("USD", "CNY"): rate})
    cap = Cap("customer", Money(limit, "CNY"), {"CNY": part, "USD": part})
    added = Money(max(0, order - invoiced), "USD")
    decision = decide(order=Money(order, "USD"), added=added, standing=Standing(), caps=[cap], rates=by_rate)
    paid = decision.prepayment.minor if decision.prepayment else 0
    rest = exposure(with_order(cap.parts, Money(added.minor - paid, "USD")), currency="CNY", rates=by_rate)
    assert rest.minor <= limit or paid == order
    assert (decision.outcome == "approve") == (paid == 0)
    assert decision.outcome != "approve" or decision.measures[0].excess.minor <= 0
    assert decision.reasons


@given(part=signed_parts, order=amounts, limit=st.integers(0, 10**9))
def test_in_one_currency_the_prepayment_is_the_excess_to_the_cent(part: Part, order: int, limit: int) -> None:
    """C5: no more and no less than the excess is asked for in advance, and at most the order."""
    cap = Cap("customer", Money(limit, "CNY"), {"CNY": part})
    decision = decide(
        order=Money(order, "CNY"), added=Money(order, "CNY"), standing=Standing(), caps=[cap], rates=NO_RATES
    )
    excess = part.net_minor + order - limit
    assert (decision.prepayment.minor if decision.prepayment else 0) == min(order, max(0, excess))


@given(first=signed_parts, second=signed_parts)
def test_parts_of_a_group_add_up(first: Part, second: Part) -> None:
    """C5: the group's exposure is the sum of its members'."""
    together = combine([{"CNY": first}, {"CNY": second}])
    total = exposure(together, currency="CNY", rates=NO_RATES)
    assert total == Money(first.net_minor + second.net_minor, "CNY")


@given(invoices=st.lists(amounts, max_size=5), order=amounts)
def test_matching_takes_each_invoice_once(invoices: list[int], order: int) -> None:
    """C5: what came before its check is matched with it up to the order's amount, and then no more."""
    before = [
        Receivable(
            invoice_id=UUID(int=n), entity="cn01", number=str(n), order_number="O-1", currency="CNY",
            total_minor=amount, open_minor=amount,
        )
        for n, amount in enumerate(invoices)
    ]  # fmt: skip
    matched, minor = match(before, Money(order, "CNY"))
    assert minor == min(order, sum(invoices))
    after = {each.invoice_id: each for each in [*before, *matched]}
    rest, again = match(after.values(), Money(10**12, "CNY"))
    assert minor + again == sum(invoices)
    assert match(before, Money(order, "USD")) == ([], 0)
    assert all(each.matched_minor == each.total_minor for each in rest)


def test_a_sum_is_converted_once_and_half_up() -> None:
    """C5: one rounding per currency, half up away from zero, between currencies of different decimals."""
    by_rate = Rates({("JPY", "CNY"): Decimal("0.0485"), ("KWD", "CNY"): Decimal("23.125")})
    assert by_rate.convert(Money(100, "JPY"), "CNY") == Money(485, "CNY")
    assert by_rate.convert(Money(1000, "KWD"), "CNY") == Money(2313, "CNY")
    assert by_rate.convert(Money(-1000, "KWD"), "CNY") == Money(-2313, "CNY")
    assert by_rate.least_covering(Money(1, "CNY"), "JPY") == Money(1, "JPY")
    with pytest.raises(RateMissing):
        by_rate.convert(Money(1, "CNY"), "JPY")


def test_the_strictest_reason_wins_and_all_are_listed() -> None:
    """C5: every answer lists its reasons."""
    caps = [Cap("customer", Money(100, "CNY"), {}), Cap("group", Money(50, "CNY"), {})]
    both = decide(order=Money(120, "CNY"), added=Money(120, "CNY"), standing=Standing(), caps=caps, rates=NO_RATES)
    assert [each.code for each in both.reasons] == ["over_limit", "over_group_limit"]
    assert both.prepayment == Money(70, "CNY")
    cash = decide(
        order=Money(120, "CNY"), added=Money(120, "CNY"), standing=Standing(cash_only=True), caps=[], rates=NO_RATES
    )
    assert [each.code for each in cash.reasons] == ["grade_d", "no_limit"]
    refused = decide(
        order=Money(120, "USD"), added=Money(120, "USD"), standing=Standing(blacklisted=True), caps=caps, rates=NO_RATES
    )
    assert [each.code for each in refused.reasons] == ["blacklisted", "exchange_rate_missing"]


@given(steps=st.lists(st.tuples(st.sampled_from(["trade", "steel", None]), st.sampled_from(["CN", None]), amounts)))
def test_a_portfolio_adds_up_by_every_block(steps: list[tuple[str | None, str | None, int]]) -> None:
    """C11: everybody is the sum of all, a block the sum of its own, in whatever order they came."""
    portfolio = Portfolio()
    for industry, country, amount in steps:
        portfolio.add(industry=industry, country=country, parts={"CNY": Part(open_minor=amount)})
    assert portfolio.everybody.get("CNY", Part()).open_minor == sum(amount for *_, amount in steps)
    for name in ("trade", "steel"):
        block = portfolio.by_industry.get(name, {}).get("CNY", Part())
        assert block.open_minor == sum(amount for industry, _, amount in steps if industry == name)
