"""The sums of aging are those of an independent recount, at every day and under both clocks (L9, faults 6.17)."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.ledger.domain.aging import BY_DUE_DATE, AgedSum
from services.ledger.store.aging import AgingQuestion, aged_sums
from services.ledger.tests.books_at_hand import Books
from shared.ids import customer_id_of
from tests.databases import FreshDatabase

START = date(2026, 1, 1)
DAYS = 30
CUSTOMERS = ("C-1", "C-2", "C-3")


@dataclass(frozen=True)
class Fact:
    """A change of what a customer owes on one due date, or of his unapplied credit where there is no invoice."""

    customer: str
    invoice: str
    ordinal: int
    due: date
    minor: int
    effective: date
    recorded: date


@pytest.fixture
async def books(fresh_database: FreshDatabase) -> AsyncIterator[Books]:
    """Books whose first day is open."""
    engine = create_async_engine(await fresh_database("ledger"))
    books = Books(engine)
    await books.begin(START)
    yield books
    await engine.dispose()


async def live(books: Books, dice: random.Random) -> list[Fact]:
    """Let days pass, each with an invoice, most with a payment that may be recorded late, partial or too high."""
    facts: list[Fact] = []
    unpaid: list[Fact] = []
    for today in (START + timedelta(days=offset) for offset in range(DAYS)):
        if today > START:
            await books.turn(today)
        new = await issue(books, dice, today)
        facts += new
        unpaid.append(min(new, key=lambda fact: fact.due))
        if dice.random() < 0.6:
            facts += await pay(books, dice, today, unpaid.pop(dice.randrange(len(unpaid))))
    return facts


async def issue(books: Books, dice: random.Random, today: date) -> list[Fact]:
    """An invoice of today; its due dates may lie in the past."""
    customer, number = dice.choice(CUSTOMERS), f"R-{today}"
    dues = [today + timedelta(days=days) for days in dice.sample(range(-120, 40), 2)]
    facts = [
        Fact(customer, number, ordinal, due, dice.randint(1, 9999), today, today) for ordinal, due in enumerate(dues, 1)
    ]
    await books.issue(number, customer=customer, issued=today, dues=[(fact.due, fact.minor) for fact in facts])
    return facts


async def pay(books: Books, dice: random.Random, today: date, debt: Fact) -> list[Fact]:
    """A payment that designates one instalment and may have come days ago; what is too much stays unapplied."""
    received = debt.effective + timedelta(days=dice.randint(0, (today - debt.effective).days))
    minor = dice.randint(1, 2 * debt.minor)
    await books.pay(
        f"P-{today}", customer=debt.customer, received=received, minor=minor, invoice=debt.invoice, ordinal=debt.ordinal
    )
    return [
        Fact(debt.customer, debt.invoice, debt.ordinal, debt.due, -min(minor, debt.minor), received, today),
        Fact(debt.customer, "", 0, received, max(minor - debt.minor, 0), received, today),
    ]


def recount(facts: Sequence[Fact], *, customers: Sequence[str], as_of: date, known_then: bool) -> tuple[object, ...]:
    """The bands, the credit, and the numbers of open and overdue invoices, from the facts alone."""
    open_minor: dict[tuple[str, date], int] = {}
    credit = 0
    for fact in facts:
        if fact.customer not in customers or fact.effective > as_of or (known_then and fact.recorded > as_of):
            continue
        if fact.invoice:
            key = fact.invoice, fact.due
            open_minor[key] = open_minor.get(key, 0) + fact.minor
        else:
            credit += fact.minor
    owed = {key: minor for key, minor in open_minor.items() if minor}
    bands = tuple(
        sum(minor for (_, due), minor in owed.items() if first <= (as_of - due).days < end)
        for first, end in [(-9999, 1), (1, 31), (31, 61), (61, 91), (91, 9999)]
    )
    overdue = {number for number, due in owed if due < as_of}
    return bands, credit, len({number for number, _ in owed}), len(overdue)


def figures(aged: AgedSum) -> tuple[object, ...]:
    """What aging says, in the order of the recount."""
    return aged.open_minor, aged.unapplied_minor, aged.open_invoices, aged.overdue_invoices


@pytest.mark.parametrize("seed", range(3))
async def test_every_day_under_both_clocks_equals_an_independent_recount(books: Books, seed: int) -> None:
    """L9: any past date, known now and known then, of all and of each customer, to the cent."""
    facts = await live(books, random.Random(seed))  # noqa: S311 - a seeded scenario
    async with books.engine.connect() as connection:
        for as_of in (START + timedelta(days=offset) for offset in range(DAYS)):
            for known_then in (False, True):
                question = AgingQuestion(known_then=known_then, by_customer=True)
                answer = await aged_sums(connection, question, as_of=as_of, bands=BY_DUE_DATE, limit=None)
                expected = {
                    customer_id_of(customer): recount(facts, customers=[customer], as_of=as_of, known_then=known_then)
                    for customer in CUSTOMERS
                }
                nothing = ((0, 0, 0, 0, 0), 0, 0, 0)
                assert {each.customer_id: figures(each) for each in answer.sums} == {
                    customer: each for customer, each in expected.items() if each != nothing
                }
                [total] = answer.totals
                assert figures(total) == recount(facts, customers=CUSTOMERS, as_of=as_of, known_then=known_then)


async def test_the_bands_add_up_to_what_is_open_now_and_to_the_control_account(books: Books) -> None:
    """L9, L14, faults 6.17: buckets = open amounts = receivables control account, to the cent."""
    await live(books, random.Random(7))  # noqa: S311 - a seeded scenario
    question = AgingQuestion(known_then=False, by_customer=False)
    async with books.engine.connect() as connection:
        answer = await aged_sums(
            connection, question, as_of=START + timedelta(days=DAYS), bands=BY_DUE_DATE, limit=None
        )
        open_now = (await connection.execute(text("SELECT sum(open_minor) FROM instalment"))).scalar_one()
        unapplied = (await connection.execute(text("SELECT sum(unapplied_minor) FROM payment"))).scalar_one()
        control = (
            await connection.execute(text("SELECT sum(amount_minor) FROM posting WHERE account = '1122'"))
        ).scalar_one()
    [total] = answer.totals
    assert total.total_minor == open_now == control
    assert total.unapplied_minor == unapplied


async def test_pages_by_customer_hold_each_sum_once(books: Books) -> None:
    """L9: whatever the size of a page, with the same totals on each."""
    await live(books, random.Random(1))  # noqa: S311 - a seeded scenario
    question = AgingQuestion(known_then=False, by_customer=True)
    day = START + timedelta(days=DAYS)
    async with books.engine.connect() as connection:
        whole = await aged_sums(connection, question, as_of=day, bands=BY_DUE_DATE, limit=None)
        read: list[AgedSum] = []
        while True:
            after = (read[-1].entity, read[-1].currency, str(read[-1].customer_id)) if read else None
            page = await aged_sums(connection, question, as_of=day, bands=BY_DUE_DATE, limit=1, after=after)
            assert page.totals == whole.totals
            if not page.sums:
                break
            read += page.sums
    assert read == whole.sums
    assert len(read) == len(CUSTOMERS)
