"""The last look before a message leaves: fresh, once, within the caps, and never past a debt that rests (N3-N6)."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from services.notifications.tests.facts import NOW, TODAY, Customer, creditor, person
from services.notifications.tests.house import House
from shared.contracts import collections
from shared.ids import derived_id, partition_of
from shared.messaging.customers import lock_customers
from shared.messaging.subscription import Received

TOMORROW = TODAY + timedelta(days=1)


async def ready(house: House, customer: Customer, *facts: Received) -> None:
    """Let a customer with one overdue invoice and one planned reminder be known."""
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"), *facts)


def promise(customer: Customer, *, amount: int = 125_000) -> Received:
    """A promise about INV-1."""
    return customer.fact(
        collections.PromiseMade(
            promise_id=derived_id(customer.customer_id, "promise"),
            entity=customer.entity,
            currency="CNY",
            amount_minor=amount,
            promised_date=TODAY,
            lapses_date=TODAY,
            instalment_ids=[customer.instalment_id("INV-1")],
        )
    )


def dispute(customer: Customer, *, amount: int = 125_000) -> Received:
    """A dispute about INV-1."""
    return customer.fact(
        collections.DisputeOpened(
            dispute_id=derived_id(customer.customer_id, "dispute"),
            entity=customer.entity,
            invoice_id=derived_id(customer.customer_id, "INV-1"),
            instalment_id=customer.instalment_id("INV-1"),
            currency="CNY",
            amount_minor=amount,
            reason="quality",
        )
    )


def pause(customer: Customer) -> Received:
    """A pause of everything of this customer, from today without an end."""
    return customer.fact(
        collections.PauseStarted(
            pause_id=derived_id(customer.customer_id, "pause"), scope="customer", start_date=TODAY, reason="goodwill"
        )
    )


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (lambda customer: customer.paid("INV-1"), "paid"),
        (promise, "promised"),
        (dispute, "disputed"),
        (pause, "paused"),
    ],
)
async def test_nothing_goes_out_about_a_debt_that_is_settled_or_rests(
    house: House, fact: Callable[[Customer], Received], reason: str
) -> None:
    """N5: checked just before sending; a message without a line left is withheld and says why."""
    customer = Customer()
    await ready(house, customer, fact(customer))

    await house.live(TODAY)

    assert house.sink.taken == []
    assert await house.state(customer.message_id()) == ("withheld", reason)
    assert (await house.events())[-1][1]["reason"] == reason
    assert await house.unfinished() == []


async def test_when_a_rest_ends_the_debt_may_be_spoken_of_again(house: House) -> None:
    """K8, K10: a broken promise rests no more from that day, a lost dispute from the day that was told."""
    customer = Customer()
    broken = collections.PromiseBroken(
        promise_id=derived_id(customer.customer_id, "promise"),
        entity=customer.entity,
        currency="CNY",
        amount_minor=125_000,
        paid_minor=0,
        instalment_ids=[customer.instalment_id("INV-1")],
    )
    lost = collections.DisputeResolved(
        dispute_id=derived_id(customer.customer_id, "dispute"),
        entity=customer.entity,
        invoice_id=derived_id(customer.customer_id, "INV-1"),
        instalment_id=customer.instalment_id("INV-1"),
        currency="CNY",
        amount_minor=125_000,
        outcome="rejected",
        credited_minor=0,
        dunning_from=TOMORROW,
    )
    await ready(house, customer, promise(customer), customer.fact(broken), dispute(customer), customer.fact(lost))

    await house.live(TODAY)
    await house.hear(customer.planned("INV-1", on=TOMORROW))
    await house.live(TOMORROW)

    assert await house.state(customer.message_id()) == ("withheld", "disputed")
    assert await house.state(customer.message_id(on=TOMORROW)) == ("sent", None)


async def test_a_line_that_died_is_left_out_and_the_rest_goes(house: House) -> None:
    """N5, K5: dead lines are dropped with their reason, the sum is that of the others."""
    customer = Customer()
    await ready(house, customer)
    await house.hear(
        customer.issued("INV-2", amount=75_000),
        customer.planned("INV-1", "INV-2", purpose="second_reminder"),
        customer.withdrawn(),
        customer.paid("INV-1"),
    )

    await house.live(TODAY)

    (mail,) = house.sink.mails
    assert "INV-1" not in str(mail.get_body(("plain",)))
    said = "SELECT dropped_reason, stated_minor FROM message_line WHERE step = 'second_reminder' ORDER BY stated_minor"
    assert await house.rows(said) == [(None, 75_000), ("paid", None)]
    (sent,) = [body for name, body in await house.events() if name == "message-sent"]
    assert [each["instalment_id"] for each in sent["lines"]] == [str(customer.instalment_id("INV-2"))]


async def test_a_demand_whose_own_debt_is_paid_does_not_go_for_a_lesser_one(house: House) -> None:
    """K2, N5: the highest step is spoken only while a debt that reached it is still owed."""
    customer = Customer()
    await house.record(person(customer))
    demand = customer.planned("INV-1", purpose="formal_demand", formal=True, listed=["INV-2"])
    await house.hear(customer.issued("INV-1"), customer.issued("INV-2"), demand, customer.paid("INV-1"))

    await house.live(TODAY)

    assert await house.state(customer.message_id("formal_demand")) == ("withheld", "paid")


async def test_a_partly_disputed_debt_is_asked_for_without_the_disputed_amount(house: House) -> None:
    """K10: only that amount rests."""
    customer = Customer()
    await ready(house, customer, dispute(customer, amount=25_000))

    await house.live(TODAY)

    assert "CN¥1,000.00" in house.sink.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


async def test_a_debt_that_is_to_be_credited_is_not_asked_for_before_its_credit_note(house: House) -> None:
    """K10: decided for the debtor, it rests until the ledger has lowered it; then only the rest is asked for."""
    customer = Customer()
    granted = collections.DisputeResolved(
        dispute_id=derived_id(customer.customer_id, "dispute"),
        entity=customer.entity,
        invoice_id=derived_id(customer.customer_id, "INV-1"),
        instalment_id=customer.instalment_id("INV-1"),
        currency="CNY",
        amount_minor=125_000,
        outcome="partly_credited",
        credited_minor=25_000,
        dunning_from=TODAY,
    )
    await ready(house, customer, dispute(customer), customer.fact(granted))
    await house.live(TODAY)
    await house.hear(
        customer.credited("INV-1", 25_000), customer.planned("INV-1", purpose="second_reminder", on=TOMORROW)
    )
    await house.live(TOMORROW)

    texts = [each.get_body(("plain",)).get_content() for each in house.sink.mails]  # type: ignore[union-attr]
    assert ["CN¥1,000.00" in each for each in texts] == [True, True]


async def test_a_debt_paid_and_owed_again_needs_a_reminder_of_its_new_episode(house: House) -> None:
    """K5: an episode ends when the instalment is settled, a reversal begins the next."""
    customer = Customer()
    await ready(house, customer, customer.paid("INV-1", left=125_000, before=0, episode=2))

    await house.live(TODAY)

    assert await house.state(customer.message_id()) == ("withheld", "episode_over")


async def test_a_withdrawn_reminder_never_leaves(house: House) -> None:
    """K5: an intent until it leaves."""
    customer = Customer()
    await ready(house, customer)
    await house.hear(customer.withdrawn())

    await house.live(TODAY)

    assert house.sink.taken == []
    assert await house.state(customer.message_id()) == ("withdrawn", "superseded")


async def test_a_reminder_withdrawn_after_it_left_has_left(house: House) -> None:
    """K5: too late is too late, and is not rewritten."""
    customer = Customer()
    await ready(house, customer)
    await house.live(TODAY)
    await house.hear(customer.withdrawn())

    assert await house.state(customer.message_id()) == ("sent", None)


async def test_the_same_decision_is_made_once(house: House) -> None:
    """N4: unique by entity, customer, purpose, step and planned date, whatever reminder asks for it."""
    customer = Customer()
    await ready(house, customer)
    other = UUID(int=99)
    await house.hear(customer.planned("INV-1", reminder_id=other))

    await house.live(TODAY)

    assert len(house.sink.taken) == 1
    states = await house.rows("SELECT state, reason FROM message ORDER BY state")
    assert [tuple(each) for each in states] == [("sent", None), ("withheld", "already_sent")]


async def test_each_debt_is_told_once_per_step_and_episode(house: House) -> None:
    """N4: the line's key holds among claimed and sent messages."""
    customer = Customer()
    await ready(house, customer)
    await house.live(TODAY)
    await house.hear(customer.planned("INV-1", on=TOMORROW))
    await house.live(TOMORROW)

    assert len(house.sink.taken) == 1
    assert await house.state(customer.message_id(on=TOMORROW)) == ("withheld", "already_sent")


async def test_the_database_itself_refuses_a_second_decision(house: House) -> None:
    """N4: the keys are unique in the database, not only in our code."""
    customer = Customer()
    await ready(house, customer)
    await house.hear(customer.planned("INV-1", reminder_id=UUID(int=99)))
    await house.live(TODAY)

    with pytest.raises(IntegrityError, match="message_once"):
        await house.execute("UPDATE message SET state = 'sent', civil_date = :day WHERE state = 'withheld'", day=TODAY)
    with pytest.raises(IntegrityError, match="message_line_once"):
        await house.execute("UPDATE message_line SET holds = true")


async def test_a_withheld_message_frees_its_keys(house: House) -> None:
    """N4: both keys hold among claimed and sent only."""
    customer = Customer()
    await ready(house, customer, pause(customer))
    await house.live(TODAY)
    ended = collections.PauseEnded(
        pause_id=derived_id(customer.customer_id, "pause"), end_date=TODAY - timedelta(days=1), reason="agreed"
    )
    await house.hear(customer.fact(ended), customer.planned("INV-1", reminder_id=UUID(int=99)))
    await house.send()

    assert len(house.sink.taken) == 1


async def test_two_messages_of_one_day_go_on_two_days(house: House) -> None:
    """N6: one a day per customer over all entities; the formal one first, the other waits and does not get lost."""
    first, second = Customer(), Customer(entity="hk01", heard=50)
    await house.record(person(first))
    await house.hear(creditor("hk01"), first.issued("INV-1"), first.planned("INV-1"))
    await house.hear(second.issued("INV-9"), second.planned("INV-9", purpose="formal_demand", formal=True))

    await house.live(TODAY)
    assert await house.state(second.message_id("formal_demand")) == ("sent", None)
    assert await house.state(first.message_id()) == ("waiting", "daily_cap")
    assert await house.unfinished() == []

    await house.live(TOMORROW)
    assert await house.state(first.message_id()) == ("sent", None)


async def test_the_fourth_message_of_a_week_waits_for_the_next(house: House) -> None:
    """N6: three in seven days."""
    customer = Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"))
    for offset, purpose in enumerate(["reminder", "second_reminder", "formal_demand", "lawyer_letter"]):
        day = TODAY + timedelta(days=offset)
        await house.hear(customer.planned("INV-1", purpose=purpose, formal=purpose.startswith(("f", "l")), on=day))
        await house.live(day)

    assert len(house.sink.taken) == 3
    assert await house.rows("SELECT due_date FROM message WHERE state = 'waiting'") == [(date(2026, 3, 23),)]
    await house.live(date(2026, 3, 23))
    assert len(house.sink.taken) == 4


async def test_a_day_off_at_the_recipient_is_waited_for(house: House) -> None:
    """N6: the working days of the country where the recipient is."""
    customer = Customer()
    await house.record(person(customer, zone="Europe/Berlin"))
    good_friday = date(2026, 4, 3)
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1", on=good_friday))

    await house.live(good_friday)

    assert await house.rows("SELECT state, due_date, reason FROM message") == [
        ("waiting", date(2026, 4, 7), "not_a_working_day")
    ]


async def test_under_the_civil_clock_a_message_waits_for_nine_in_the_morning_there(civil_house: House) -> None:
    """N6: real hours of the recipient's zone; the day goes on meanwhile."""
    house, customer = civil_house, Customer()
    await house.record(person(customer, zone="Europe/Berlin"))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))

    await house.live(TODAY)  # 10:30 in Shanghai is 03:30 in Berlin
    assert house.sink.taken == []
    assert await house.unfinished() == []

    house.clock.at = NOW + timedelta(hours=5, minutes=29)
    await house.send()
    assert house.sink.taken == []
    house.clock.at = NOW + timedelta(hours=5, minutes=30)
    await house.send()
    assert len(house.sink.taken) == 1
    assert house.sink.mails[0]["Date"] == "Mon, 16 Mar 2026 09:00:00 +0100"


async def test_nothing_is_claimed_before_everything_is_heard(house: House) -> None:
    """N5: only partitions whose topics are applied to the end as asked for this round."""
    customer = Customer()
    await ready(house, customer)
    await house.open()
    await house.work_day()
    number = partition_of(customer.customer_id, house.context.partitions)

    house.gates.closed.add(number)
    await house.send()
    house.gates.closed.clear()
    house.gates.ends["ledger"] = 5  # one more event than is stored here
    await house.send()
    assert house.sink.taken == []
    assert await house.unfinished() == [customer.customer_id]

    await house.position("ledger", number, 5)
    await house.send()
    assert len(house.sink.taken) == 1
    assert await house.rows("SELECT positions FROM attempt") == [({"dueflow.ledger": 5, "dueflow.collections": 0},)]


async def test_nothing_is_claimed_in_a_stopped_partition_or_for_a_parked_customer(house: House) -> None:
    """N5, P6: neither partition nor customer is stopped or parked."""
    customer = Customer()
    await ready(house, customer)
    await house.open()
    await house.work_day()
    number = partition_of(customer.customer_id, house.context.partitions)
    await house.position("collections", number, 1)

    await house.execute("UPDATE stream_position SET stopped_at = now(), stopped_reason = 'hole'")
    await house.send()
    await house.execute("UPDATE stream_position SET stopped_at = NULL")
    await house.execute("UPDATE customer SET parked_at = now()")
    await house.send()
    assert house.sink.taken == []

    await house.execute("UPDATE customer SET parked_at = NULL")
    await house.send()
    assert len(house.sink.taken) == 1


async def test_a_customer_whom_somebody_else_holds_is_left_for_the_next_round(house: House) -> None:
    """Architecture, lock order: the sender waits for nobody, and overtakes nobody."""
    customer = Customer()
    await ready(house, customer)
    await house.open()
    await house.work_day()

    async with house.context.begin() as connection:
        await lock_customers(connection, [customer.customer_id], partitions=house.context.partitions)
        assert not await house.sender.round()
    assert await house.sender.round()
    assert len(house.sink.taken) == 1


@pytest.mark.parametrize("seed", range(12))
async def test_a_payment_at_any_moment_is_either_before_the_claim_or_after_it(house: House, seed: int) -> None:
    """Faults 2.38: the balance is read in the claim's transaction; nobody is reminded of what was paid before it."""
    customer = Customer()
    await ready(house, customer)
    await house.open()
    await house.work_day()
    rng = random.Random(seed)  # noqa: S311 - a test's dice

    async def later(seconds: float, what: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(seconds)
        await what()

    pay = later(rng.uniform(0, 0.03), lambda: house.hear(customer.paid("INV-1")))
    await asyncio.gather(pay, later(rng.uniform(0, 0.03), house.send))
    await house.send()

    state, reason = await house.state(customer.message_id())
    assert (state, reason) in {("sent", None), ("withheld", "paid")}
    assert len(house.sink.taken) == (1 if state == "sent" else 0)


async def test_two_senders_at_once_send_once(house: House) -> None:
    """N4: what keeps several senders from sending the same is the database."""
    customers = [Customer(f"C-{number}") for number in range(12)]
    for customer in customers:
        await ready(house, customer)
    await house.open()
    await house.work_day()

    senders = [house.sender for _ in range(3)]
    for _ in range(6):
        await asyncio.gather(*(each.round() for each in senders))

    assert len(house.sink.taken) == len(customers)
    assert {state for (state,) in await house.rows("SELECT state FROM message")} == {"sent"}


async def test_formal_mail_without_an_address_for_service_becomes_a_task_and_not_a_mail(house: House) -> None:
    """N3: formal demands go only to a verified contact for service, else a task; never silence."""
    customer = Customer()
    await house.record(person(customer, verified=False))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1", purpose="formal_demand", formal=True))

    await house.live(TODAY)

    assert house.sink.taken == []
    assert await house.state(customer.message_id("formal_demand")) == ("withheld", "no_contact_for_service")


async def test_a_customer_nobody_knows_a_contact_of_is_told_of(house: House) -> None:
    """N3: no contact point at all is said, not passed over."""
    customer = Customer()
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))

    await house.live(TODAY)

    (withheld,) = [body for name, body in await house.events() if name == "message-withheld"]
    assert withheld["reason"] == "no_contact_point"
    assert [each["step"] for each in withheld["lines"]] == ["reminder"]


async def test_the_text_message_beside_a_mail_is_withheld_and_says_so(house: House) -> None:
    """K5: the channels of a step are one message; a channel that is not there is recorded as withheld."""
    customer = Customer()
    await ready(house, customer)
    await house.hear(customer.planned("INV-1", purpose="second_reminder", channels=["sms"]))

    await house.live(TODAY)

    assert await house.rows("SELECT channel, withheld_reason FROM delivery ORDER BY channel") == [
        ("email", None),
        ("sms", "channel_not_configured"),
    ]
    assert await house.state(customer.message_id("second_reminder")) == ("withheld", "channel_not_configured")


async def test_words_that_break_withhold_their_message_and_stop_no_other(house: House) -> None:
    """N2: one bad letter is one withheld message."""
    good, bad = Customer("C-good"), Customer("C-bad")
    await ready(house, good)
    await ready(house, bad)
    await house.execute(
        "UPDATE contact_point SET email = 'a@b.test, c@d.test' WHERE customer_id = :id", id=bad.customer_id
    )

    await house.live(TODAY)

    assert await house.state(good.message_id()) == ("sent", None)
    assert await house.state(bad.message_id()) == ("withheld", "mail_not_writable")


async def test_a_reminder_planned_after_the_days_work_goes_the_same_day(house: House) -> None:
    """K3: what a manager approves at noon leaves today."""
    customer = Customer()
    await house.live(TODAY)
    await ready(house, customer)

    await house.send()

    assert len(house.sink.taken) == 1


async def test_the_trace_of_the_reminder_is_in_the_mail_and_in_what_is_told_of_it(house: House) -> None:
    """P10: the trace goes from the request to the mail."""
    customer = Customer()
    await ready(house, customer)
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
        for table in ("attempt", "delivery", "message_line", "message", "rest", "debt", "outbox", "customer"):
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
    await ready(house, customer)
    await house.open()

    await house.work_day()
    assert await house.unfinished() == [customer.customer_id]
    await house.send()
    assert await house.unfinished() == []
