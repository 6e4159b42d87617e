"""Claims whose holders die, are slow, or are too late (N4, faults 2.36, 2.43)."""

from datetime import timedelta

from services.notifications.domain.message import Outcome
from services.notifications.main import make_desk, make_server
from services.notifications.sender import FRESH_SECONDS
from services.notifications.tests.facts import NOW, Customer, person
from services.notifications.tests.house import House
from services.notifications.tests.mail_sink import Script
from services.notifications.usecases.settle_attempts import settle_attempts
from shared.messaging.customers import lock_customers


async def test_row_36_a_claim_whose_holder_is_gone_is_unknown_when_its_lease_ends(house: House) -> None:
    """Faults 2.36, 2.43: the attempt was committed before the first byte, so it may have been sent."""
    customer = await ready_and_claimed(house)
    await house.send()
    assert (await house.state(customer.message_id()))[0] == "claimed"

    house.clock.at = NOW + timedelta(seconds=91)
    await house.send()

    assert house.sink.taken == []
    assert await house.state(customer.message_id()) == ("unknown", "outcome_unknown")


def test_a_lease_outlives_what_its_holder_may_take(house: House, civil_house: House) -> None:
    """N4: who has not settled when a lease ends is gone; else a second could begin while the first still sends."""
    for each in (house, civil_house):
        desk = make_desk(each.context)
        server = make_server(each.context.settings, fast_clock=each.context.fast_clock)
        longest = max(server.mail_seconds, desk.texting.message_seconds)
        assert timedelta(seconds=FRESH_SECONDS + longest) <= desk.lease - timedelta(seconds=5)
    assert make_desk(house.context).lease <= timedelta(seconds=30) < make_desk(civil_house.context).lease


async def test_row_41_a_late_truth_replaces_the_unknown(house: House) -> None:
    """Faults 2.41: a holder that was only slow still says what happened, once."""
    customer = await ready_and_claimed(house)
    house.clock.at = NOW + timedelta(seconds=91)
    await house.send()

    await settle(house, customer, Outcome(kind="taken", code=250))
    await settle(house, customer, Outcome(kind="taken", code=250))
    await settle(house, customer, Outcome(kind="unknown"))

    assert await house.state(customer.message_id()) == ("sent", None)
    assert (await house.published())[1:] == ["message-outcome-unknown", "message-sent"]


async def test_a_late_truth_keeps_what_would_be_sent_again_from_being_sent_again(house: House) -> None:
    """N4, faults 2.26, 2.41: the policy says resend, and its holder was only kept from storing that it was taken."""
    customer = await ready_and_claimed(house, purpose="pre_due")
    house.clock.at = NOW + timedelta(seconds=91)
    await house.send()
    assert await house.state(customer.message_id("pre_due")) == ("retrying", "outcome_unknown")

    await settle(house, customer, Outcome(kind="taken", code=250), purpose="pre_due")
    house.clock.at = NOW + timedelta(hours=1)
    await house.send()

    assert house.sink.taken == []
    assert await house.state(customer.message_id("pre_due")) == ("sent", None)


async def test_a_stale_holder_cannot_speak_for_a_newer_attempt(house: House) -> None:
    """N4: the number of the attempt is the fence."""
    customer = await house.live_through(Script(close_after_data=True))
    await house.resolve(customer.message_id(), "resend")
    house.sink.script = Script(end="550 refused")
    await house.send()

    await settle(house, customer, Outcome(kind="taken", code=250))

    assert await house.state(customer.message_id()) == ("failed", "smtp_550")
    assert await house.rows("SELECT outcome FROM attempt ORDER BY attempt_no") == [("taken",), ("refused",)]


async def test_what_was_not_begun_is_decided_on_anew(house: House) -> None:
    """N5: positions that grew old are asked for again; the day waits for it."""
    customer = await ready_and_claimed(house)
    await settle(house, customer, Outcome(kind="not_begun"))
    assert await house.unfinished() == [customer.customer_id]

    await house.send()

    assert len(house.sink.taken) == 1
    assert await house.rows("SELECT outcome FROM attempt ORDER BY attempt_no") == [("not_begun",), ("taken",)]


async def ready_and_claimed(house: House, *, purpose: str = "reminder") -> Customer:
    """Claim one message as a holder does who is then never heard of."""
    customer = Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1", purpose=purpose))
    await house.open()
    await house.work_day()
    due = await house.sender._due()  # noqa: SLF001 - the first half of a round
    assert due is not None
    claimed = await house.sender._claim(*due)  # noqa: SLF001
    assert len(claimed.claims) == 1
    return customer


async def settle(house: House, customer: Customer, outcome: Outcome, *, purpose: str = "reminder") -> None:
    """Say what came of the first attempt."""
    async with house.context.begin() as connection:
        await lock_customers(connection, [customer.customer_id], partitions=house.context.partitions)
        await settle_attempts(
            connection,
            {(customer.message_id(purpose), 1): outcome},
            desk=make_desk(house.context),
            now=house.clock.now(),
        )
