"""Events as they come, in any batches, and the day that goes on when all is settled."""

import random
from dataclasses import replace

from services.notifications.tests.facts import TODAY, TOMORROW, Customer
from services.notifications.tests.house import House
from services.notifications.tests.rests import dispute, pause, promise
from shared.messaging.subscription import Received


async def test_a_reminder_planned_after_the_days_work_goes_the_same_day(house: House) -> None:
    """K3: what a manager approves at noon leaves today."""
    customer = Customer()
    await house.live(TODAY)
    await house.ready(customer)

    await house.send()

    assert len(house.sink.taken) == 1


async def test_the_trace_of_the_reminder_is_in_the_mail_and_in_what_is_told_of_it(house: House) -> None:
    """P10: the trace goes from the request to the mail."""
    customer = Customer()
    await house.ready(customer)
    await house.live(TODAY)

    assert house.sink.mails[0]["X-Correlation-Id"] == "corr-test-1"
    rows = await house.rows("SELECT correlation_id, traceparent FROM outbox WHERE wire LIKE '%message-sent%'")
    assert rows == [("corr-test-1", house.sink.mails[0]["X-Traceparent"])]


async def test_records_cut_into_batches_at_random_leave_the_same_rows(house: House) -> None:
    """Architecture 5: however the same records are cut, rows and outbox are equal."""
    tables = "debt", "rest", "message", "message_line", "outbox", "customer"
    columns = {"message": "recorded_at, changed_at, due_at", "outbox": "id, batch_ordinal, recorded_at"}
    dumps = set()
    for seed in range(6):
        for table in ("attempt", "message_line", "message", "rest", "debt", "outbox", "customer"):
            await house.execute(f"DELETE FROM {table}")
        facts: list[Received] = []
        for customer in [Customer("C-1"), Customer("C-2")]:
            facts += [customer.issued("INV-1"), customer.planned("INV-1"), promise(customer), dispute(customer)]
            facts += [pause(customer), customer.paid("INV-1", left=25_000), customer.withdrawn()]
            facts += [customer.paid("INV-1", before=25_000), customer.planned("INV-1", on=TOMORROW)]
        rng = random.Random(seed)  # noqa: S311 - a test's dice
        while facts:
            size = rng.randint(1, len(facts))
            await house.hear(*facts[:size])
            facts = facts[size:]
        dump = []
        for table in tables:
            hidden = columns.get(table, "").split(", ")
            rows = await house.rows(f"SELECT to_jsonb(t) FROM {table} AS t")
            dump += sorted(str({k: v for k, v in row.items() if k not in hidden}) for (row,) in rows)
        dumps.add("\n".join(dump))

    assert len(dumps) == 1


async def test_a_duplicate_of_a_record_changes_nothing(house: House) -> None:
    """Faults 2.14: new facts are inserted once; the position keeps duplicates away, and this is the second line."""
    customer = Customer()
    fact = customer.issued("INV-1")
    await house.hear(fact, fact)
    await house.hear(replace(fact), customer.paid("INV-1", left=1))

    assert await house.rows("SELECT open_minor FROM debt") == [(1,)]


async def test_a_day_stays_open_until_the_sender_has_settled_it(house: House) -> None:
    """Days are events: DayWorked comes after all released messages of the day are sent, withheld or waiting."""
    customer = Customer()
    await house.ready(customer)
    await house.open()

    await house.work_day()
    assert await house.unfinished() == [customer.customer_id]
    await house.send()
    assert await house.unfinished() == []
