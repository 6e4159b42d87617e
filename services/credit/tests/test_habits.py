"""How customers pay: figures that follow from debts and promises, on a real database as known on each day."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.domain.habits import Debt, Habit, PromiseEnd, window_start
from services.credit.store.habits import load_habits
from services.credit.tests.books import TODAY, Ledger
from services.credit.tests.days import follow, rows
from services.credit.tests.erp import Erp
from services.credit.tests.test_profiles import FACTS
from shared.contracts import collections

LONG_AGO = TODAY - timedelta(days=700)


def debt(number: int, *, due: date = TODAY, minor: int = 100, currency: str = "CNY") -> Debt:
    """An open debt, the only one of its invoice."""
    return Debt(
        instalment_id=UUID(int=number),
        invoice_id=UUID(int=number),
        issue_date=due - timedelta(days=30),
        due_date=due,
        currency=currency,
        amount_minor=minor,
        open_minor=minor,
    )


def paid(owed: Debt, late_days: int) -> Debt:
    """The debt, paid so many days after its due date."""
    on = owed.due_date + timedelta(days=late_days)
    return owed.move(-owed.open_minor, effective_date=on, by_payment=True)


async def known(engine: AsyncEngine, books: Ledger, as_of: date) -> Habit:
    """The habit as it was known at the end of a day."""
    async with engine.connect() as connection:
        return (await load_habits(connection, [books.customer_id], as_of=as_of, since=LONG_AGO))[books.customer_id]


@given(steps=st.lists(st.tuples(st.integers(0, 3), st.integers(-100, 100), st.booleans()), max_size=30))
def test_paid_invoices_are_those_that_a_count_from_scratch_finds(steps: list[tuple[int, int, bool]]) -> None:
    """C4, L4: counting as it goes equals counting at the end; a reversal that opens a debt again takes it off."""
    owed = [debt(number, due=TODAY + timedelta(days=number)) for number in range(4)]
    # Two instalments of one invoice are paid together or not at all.
    owed[1] = Debt(**{name: getattr(owed[1], name) for name in Debt.__slots__} | {"invoice_id": owed[0].invoice_id})
    habit = Habit().owe(owed)
    for number, wanted, by_payment in steps:
        now = habit.debts[UUID(int=number)]
        delta = max(-now.open_minor, min(wanted, now.amount_minor - now.open_minor))
        habit = habit.settle([now.move(delta, effective_date=TODAY, by_payment=by_payment)])
    invoices: dict[UUID, list[Debt]] = {}
    for each in habit.debts.values():
        invoices.setdefault(each.invoice_id, []).append(each)
    assert habit.paid_invoices == sum(
        sum(each.open_minor for each in parts) == 0 and max(each.paid_minor for each in parts) > 0
        for parts in invoices.values()
    )


@given(late=st.lists(st.integers(-30, 200), min_size=1, max_size=20))
def test_who_pays_by_the_due_date_is_not_late(late: list[int]) -> None:
    """L7, C2: early counts as in time; with equal sums the average is the plain one."""
    habit = Habit().owe([debt(number) for number in range(len(late))])
    habit = habit.settle([paid(habit.debts[UUID(int=number)], days) for number, days in enumerate(late)])
    delays = [max(0, days) for days in late]
    assert habit.average_delay_days(since=LONG_AGO) == Decimal(sum(delays)) / len(delays)
    assert habit.late_pct(since=LONG_AGO) == Decimal(100 * sum(days > 0 for days in late)) / len(late)
    assert habit.worst_delay_days(LONG_AGO, TODAY + timedelta(days=300)) == max(delays)


def test_a_large_debt_weighs_more_than_a_small_one_and_no_currency_more_than_another() -> None:
    """C2: 1,000 paid 10 days late and 3,000 in time are 2.5 days; a yen weighs like a yuan."""
    several: Mapping[str, Debt] = {
        "small": paid(debt(1, minor=1000), 10),
        "large": paid(debt(2, minor=3000), 0),
        "yen": paid(debt(3, minor=900_000, currency="JPY"), 7),
    }
    habit = Habit().owe([debt(1, minor=1000), debt(2, minor=3000)]).settle([several["small"], several["large"]])
    assert habit.average_delay_days(since=LONG_AGO) == Decimal("2.5")
    assert habit.settle([several["yen"]]).average_delay_days(since=LONG_AGO) == Decimal(4)


def test_a_window_ends_on_its_day_and_holds_as_many_days_as_it_says() -> None:
    """C2: what was paid on its first day counts, what was paid the day before does not."""
    start = window_start(TODAY, 90)
    assert (TODAY - start).days == 89
    habit = Habit().settle([paid(debt(1, due=start), 0), paid(debt(2, due=start - timedelta(days=1)), 0)])
    assert len(habit.paid_since(start)) == 1
    promise = PromiseEnd(promise_id=UUID(int=1), outcome="broken", ended_date=start)
    assert (habit.end_promise(promise).broken_since(start), habit.broken_since(start)) == (1, 0)


async def test_a_habit_is_remembered_as_it_was_known_on_each_day(engine: AsyncEngine) -> None:
    """C2, L4, L7: paid late, bounced, paid again: each day knows what it knew, and the debt ends with one delay."""
    books = Ledger("K1")
    issued, settled, bounced, again = (TODAY + timedelta(days=days) for days in (0, 10, 14, 20))
    books.issue("R1", 5000, on=issued, due=issued + timedelta(days=5))
    await follow(engine, [books.facts], today=issued)
    books.pay("P1", 5000, "R1", on=settled)
    await follow(engine, [books.facts[1:]], today=settled)
    books.reverse("P1", "R1", 5000, 0, on=bounced)
    await follow(engine, [books.facts[3:]], today=bounced)
    books.pay("P2", 5000, "R1", on=again)
    await follow(engine, [books.facts[4:]], today=again)

    days = (issued, settled, bounced, again)
    habits = [await known(engine, books, day) for day in days]
    assert [each.paid_invoices for each in habits] == [0, 1, 0, 1]
    assert [each.first_invoice_date for each in habits] == [issued] * 4
    assert [each.average_delay_days(since=LONG_AGO) for each in habits] == [None, 5, None, 15]
    assert [each.overdue_days(day) for each, day in zip(habits, days, strict=True)] == [0, 0, 9, 0]
    assert (await known(engine, books, issued - timedelta(days=1))) == Habit()


async def test_a_credited_debt_was_not_paid(engine: AsyncEngine) -> None:
    """C2: what a credit note settles says nothing of how the customer pays."""
    books = Ledger("K1")
    books.issue("R1", 5000)
    books.credit("C1", "R1", 5000)
    await follow(engine, [books.facts])
    habit = await known(engine, books, TODAY)
    assert (habit.paid_invoices, habit.late_pct(since=LONG_AGO), habit.overdue_days(TODAY)) == (0, None, 0)


async def test_a_promise_counts_as_it_ended_last(engine: AsyncEngine) -> None:
    """C6, K8: kept, and broken after all when the payment bounced; another one stays broken."""
    books = Ledger("K1")
    books.end_promise("A", collections.PromiseKept)
    books.end_promise("B")
    await follow(engine, [books.facts])
    assert (await known(engine, books, TODAY)).broken_since(LONG_AGO) == 1
    later = TODAY + timedelta(days=3)
    books.end_promise("A")
    await follow(engine, [books.facts[2:]], today=later)
    assert (await known(engine, books, TODAY)).broken_since(LONG_AGO) == 1
    assert (await known(engine, books, later)).broken_since(LONG_AGO) == 2


async def test_a_kept_promise_and_its_payment_score_alike_in_either_order(erp: Erp, engine: AsyncEngine) -> None:
    """C2, invariant 24: the ledger tells of the payment, collections of the promise, and either may be heard first."""
    later = TODAY + timedelta(days=90)
    for number, promise_first in (("K1", False), ("K2", True)):
        await erp.customer(number, **FACTS)
        books = Ledger(number)
        books.issue("R1", 5000)
        books.pay("P1", 5000, "R1")
        books.issue("R2", 5000)
        await follow(engine, [books.news()])
        books.pay("P2", 5000, "R2", on=later)
        books.end_promise("V", collections.PromiseKept)
        *payment, promise = books.news()
        await follow(engine, [[promise], payment] if promise_first else [payment, [promise]], today=later)
    first, second = await rows(engine, "SELECT array_agg(points ORDER BY ordinal) FROM score GROUP BY customer_id")
    assert first == second
