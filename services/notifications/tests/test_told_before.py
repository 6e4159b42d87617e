"""A database from an old dump: what its own topic tells of messages is followed, so that none goes twice (N4)."""

from datetime import timedelta

import pytest

from services.notifications.main import SERVICE
from services.notifications.tests.facts import NOW, TODAY, Customer, person
from services.notifications.tests.house import PARTITIONS, House
from services.notifications.tests.mail_sink import Script
from shared.web.problems import Problem

_ARRIVES = TODAY + timedelta(days=3)


async def test_row_51_what_was_told_to_be_sent_is_sent_and_does_not_go_again(house: House) -> None:
    """N4, faults 2.51: heard again before or after the new epoch; its keys, cap and arrival are as they were."""
    before, after = Customer("C-before"), Customer("C-after")
    for customer in (before, after):
        await house.ready(customer)
    await house.live(TODAY)
    assert len(house.sink.taken) == 2
    told = await house.events()

    await _restore(house)
    await house.hear(before.issued("INV-1"), before.planned("INV-1"))
    await house.open(TODAY)
    await house.work_day()
    await _new_epoch(house)
    await house.hear(after.issued("INV-1"), after.planned("INV-1"))
    await house.live(TODAY)

    assert len(house.sink.taken) == 2
    assert await house.rows("SELECT state, reason, civil_date, arrives_date FROM message") == [
        ("sent", "told_before", TODAY, _ARRIVES),
        ("sent", "told_before", TODAY, _ARRIVES),
    ]
    assert await house.rows("SELECT DISTINCT holds FROM message_line") == [(True,)]
    assert await house.rows("SELECT * FROM told_message") == []
    assert await house.events() == told
    assert await house.unfinished() == []
    await house.live(_ARRIVES)
    assert (await house.published()).count("message-delivered") == 2


async def test_what_was_told_to_have_arrived_has_arrived(house: House) -> None:
    """N8, faults 2.51: it is not told once more."""
    customer = Customer()
    await house.ready(customer)
    await house.live(TODAY)
    await house.live(_ARRIVES)

    await _restore(house)
    await _new_epoch(house)
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    await house.live(_ARRIVES)

    assert await house.rows("SELECT state, arrived, arrives_date FROM message") == [("sent", True, _ARRIVES)]
    assert (await house.published()).count("message-delivered") == 1


async def test_what_was_told_to_be_unknown_goes_to_people_who_send_it_again_or_give_it_up(house: House) -> None:
    """N4, faults 2.41, 2.51: its content is lost, so nobody can say here that it was sent."""
    customer = await house.live_through(Script(close_after_data=True))
    house.sink.script = Script()
    message_id = customer.message_id()

    await _restore(house)
    await _new_epoch(house)
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    await house.live(TODAY)

    assert len(house.sink.taken) == 1
    assert await house.state(message_id) == ("unknown", "outcome_unknown")
    assert isinstance(await house.resolve(message_id, "mark_sent"), Problem)
    await house.resolve(message_id, "resend")
    await house.send()
    assert len(house.sink.taken) == 2
    assert await house.state(message_id) == ("sent", None)


async def test_what_is_unknown_without_an_attempt_can_be_given_up(house: House) -> None:
    """N4: collections hears of it, so that it is not silent about the debt for ever."""
    customer = await house.live_through(Script(close_after_data=True))
    await _restore(house)
    await _new_epoch(house)
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    await house.live(TODAY)

    await house.resolve(customer.message_id(), "give_up")

    assert (await house.told("message-failed"))[-1]["reason"] == "given_up"


@pytest.mark.parametrize(("script", "state"), [(Script(end="550 no"), "failed"), (None, "withheld")])
async def test_what_was_told_not_to_go_does_not_go(house: House, script: Script | None, state: str) -> None:
    """N4, faults 2.51: collections has long gone another way; the same reminder must not come after all."""
    customer = Customer()
    house.sink.script = script or Script()
    await house.record(*([person(customer)] if script else []))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    await house.live(TODAY)
    house.sink.script = Script()

    await _restore(house)
    await house.record(*([] if script else [person(customer)]))
    await _new_epoch(house)
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    await house.live(TODAY)

    assert house.sink.taken == []
    assert (await house.state(customer.message_id()))[0] == state


async def test_what_a_person_decided_before_the_dump_is_newer_than_what_was_told(house: House) -> None:
    """N4: failed, then to be sent again, then the dump: it goes."""
    customer = await house.live_through(Script(end="550 no"))
    house.sink.script = Script()
    house.clock.at = NOW + timedelta(minutes=1)
    await house.execute("UPDATE contact_point SET email_invalid_reason = NULL")
    await house.resolve(customer.message_id(), "resend")
    await _new_epoch(house)

    await house.send()

    assert len(house.sink.taken) == 1
    assert await house.state(customer.message_id()) == ("sent", None)


async def _restore(house: House) -> None:
    """Take away what a dump from before did not hold; contact points and the creditor are in it."""
    for table in ("attempt", "message_line", "message", "rest", "debt"):
        await house.execute(f"DELETE FROM {table}")
    await house.execute("UPDATE customer SET next_date = NULL")


async def _new_epoch(house: House) -> None:
    """Let the outbox hold all that the topic has, under the numbers of the epoch before, as a new epoch leaves it."""
    await house.execute(
        "UPDATE outbox AS o SET epoch = 1, sequence = n.number "
        "FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM outbox) AS n WHERE n.id = o.id"
    )
    for number in range(PARTITIONS):
        await house.execute(
            "INSERT INTO stream_head (partition_no, epoch) VALUES (:number, 2) ON CONFLICT DO NOTHING", number=number
        )
    assert SERVICE.on_new_epoch is not None
    async with house.context.begin() as connection:
        await SERVICE.on_new_epoch(connection)
