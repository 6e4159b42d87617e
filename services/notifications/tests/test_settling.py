"""What becomes of attempts: retried, failed, unknown, decided by people, arrived (N4, N8, faults 2.39-2.43)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notifications.domain.message import Outcome
from services.notifications.main import make_desk
from services.notifications.tests.facts import NOW, TODAY, TRACE, Customer, person
from services.notifications.tests.house import House
from services.notifications.tests.mail_sink import Script
from services.notifications.usecases.request import Request
from services.notifications.usecases.resolve_messages import ResolveMessage, resolve_messages
from services.notifications.usecases.settle_attempts import settle_attempts
from shared.ids import new_id
from shared.messaging.customers import lock_customers
from shared.web.idempotency import Origin
from shared.web.problems import Problem


async def told(house: House, name: str) -> list[dict[str, Any]]:
    """Return the bodies of the events of this name."""
    return [body for other, body in await house.events() if other == name]


async def live_through(house: House, script: Script, *, purpose: str = "reminder") -> Customer:
    """Let one planned message meet this server."""
    customer = Customer()
    house.sink.script = script
    await house.record(person(customer))
    formal = purpose in {"formal_demand", "lawyer_letter"}
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1", purpose=purpose, formal=formal))
    await house.live(TODAY)
    return customer


async def resolve(house: House, message_id: UUID, action: Any) -> Any:
    """Let a person decide."""
    origin = Origin(new_id(), "ann", "corr-9", TRACE)
    command = ResolveMessage(
        message_id=message_id, action=action, reason="asked", request=Request(origin, house.clock.now())
    )
    async with house.context.begin() as connection:
        return (await resolve_messages(connection, [command], desk=make_desk(house.context)))[0]


async def test_a_refusal_for_now_is_tried_again_with_the_same_message_id(house: House) -> None:
    """Faults 2.39: 4xx is retried after a pause under the same Message-ID; its day does not wait for it."""
    customer = await live_through(house, Script(rcpt="451 greylisted"))
    assert await house.state(customer.message_id()) == ("retrying", "deferred")
    assert await house.unfinished() == []
    assert await house.published() == ["contact-point-verified"]

    house.sink.script = Script()
    await house.send()
    assert house.sink.taken == []
    house.clock.at = NOW + timedelta(minutes=2)
    await house.send()

    assert await house.state(customer.message_id()) == ("sent", None)
    contents = await house.rows("SELECT content FROM attempt ORDER BY attempt_no")
    ids = [line for (content,) in contents for line in content.splitlines() if line.startswith(b"Message-ID")]
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_a_debt_paid_between_two_attempts_is_not_asked_for_again(house: House) -> None:
    """N5: each attempt is checked against what has been heard since."""
    customer = await live_through(house, Script(end="452 later"))
    await house.hear(customer.paid("INV-1"))
    house.sink.script = Script()
    house.clock.at = NOW + timedelta(hours=1)
    await house.send()

    assert house.sink.taken == []
    assert await house.state(customer.message_id()) == ("withheld", "paid")


async def test_after_three_days_of_refusals_people_are_told(house: House) -> None:
    """Faults 2.39: 72 hours, then MessageFailed; the address is not to blame."""
    customer = await live_through(house, Script(mail="451 later"))
    for hours in range(0, 80, 4):
        house.clock.at = NOW + timedelta(hours=hours)
        await house.send()

    assert await house.state(customer.message_id()) == ("failed", "retries_exhausted")
    assert [each["reason"] for each in await told(house, "message-failed")] == ["retries_exhausted"]
    assert await told(house, "contact-point-invalid") == []


@pytest.mark.parametrize("script", [Script(rcpt="550 unknown"), Script(end="550 refused")])
async def test_a_final_refusal_flags_the_address_and_is_not_repeated(house: House, script: Script) -> None:
    """Faults 2.40: 5xx at RCPT or DATA: contact flagged, MessageFailed, and the next message does not go there."""
    customer = await live_through(house, script)

    assert await house.state(customer.message_id()) == ("failed", "smtp_550")
    assert [each["reason"] for each in await told(house, "message-failed")] == ["smtp_550"]
    (invalid,) = await told(house, "contact-point-invalid")
    assert set(invalid) == {"contact_point_id", "channel", "role", "reason"}
    tomorrow = TODAY + timedelta(days=1)
    await house.hear(customer.planned("INV-1", purpose="second_reminder", on=tomorrow))
    await house.live(tomorrow)
    assert await house.state(customer.message_id("second_reminder", tomorrow)) == ("withheld", "no_contact_point")


async def test_silence_after_the_final_dot_is_unknown_and_not_sent_again(house: House) -> None:
    """Faults 2.41: the server has it, or has it not; nobody can say, so a person decides."""
    customer = await live_through(house, Script(close_after_data=True))
    house.sink.script = Script()
    house.clock.at = NOW + timedelta(days=2)
    await house.send()

    assert len(house.sink.taken) == 1
    assert await house.state(customer.message_id()) == ("unknown", "outcome_unknown")
    assert len(await told(house, "message-outcome-unknown")) == 1
    assert await house.unfinished() == []


async def test_a_friendly_letter_is_sent_once_more_because_its_template_says_so(house: House) -> None:
    """N4: the policy of the template says resend; at most one duplicate, with the same Message-ID."""
    customer = await live_through(house, Script(close_after_data=True), purpose="pre_due")
    assert await house.state(customer.message_id("pre_due")) == ("retrying", "outcome_unknown")
    house.clock.at = NOW + timedelta(minutes=5)
    await house.send()
    house.clock.at = NOW + timedelta(hours=5)
    await house.send()

    assert len(house.sink.taken) == 2
    assert await house.state(customer.message_id("pre_due")) == ("unknown", "outcome_unknown")
    assert len({each["Message-ID"] for each in house.sink.mails}) == 1


async def test_a_person_decides_what_nobody_knows(house: House) -> None:
    """N4: marked as sent, it is sent, with the proof of what was handed over."""
    customer = await live_through(house, Script(close_after_data=True))

    assert (await resolve(house, customer.message_id(), "mark_sent")).state == "sent"
    assert isinstance(await resolve(house, customer.message_id(), "resend"), Problem)

    (sent,) = await told(house, "message-sent")
    assert [(sent["content_sha256"],)] == await house.rows("SELECT content_sha256 FROM attempt")
    assert await house.rows("SELECT resolved_by, resolution FROM message") == [("ann", "mark_sent: asked")]


async def test_a_person_has_it_sent_again_and_it_is_checked_again(house: House) -> None:
    """N4, N5: by hand, but not around the rules; the key is taken anew."""
    customer = await live_through(house, Script(close_after_data=True))
    house.sink.script = Script()
    await resolve(house, customer.message_id(), "resend")
    await house.send()

    assert len(house.sink.taken) == 2
    assert await house.state(customer.message_id()) == ("sent", None)


async def test_a_person_gives_up_and_the_debt_may_be_written_about_again(house: House) -> None:
    """N4: an abandoned message frees its keys, and collections hears of it."""
    customer = await live_through(house, Script(close_after_data=True))
    house.sink.script = Script()
    await resolve(house, customer.message_id(), "give_up")
    await house.hear(customer.planned("INV-1", reminder_id=UUID(int=99)))
    await house.send()

    assert [each["reason"] for each in await told(house, "message-failed")] == ["given_up"]
    assert len(house.sink.taken) == 2


async def test_a_claim_whose_holder_is_gone_is_unknown_when_its_lease_ends(house: House) -> None:
    """Faults 2.36, 2.43: the attempt was committed before the first byte, so it may have been sent."""
    customer = await ready_and_claimed(house)
    await house.send()
    assert (await house.state(customer.message_id()))[0] == "claimed"

    house.clock.at = NOW + timedelta(seconds=91)
    await house.send()

    assert house.sink.taken == []
    assert await house.state(customer.message_id()) == ("unknown", "outcome_unknown")


async def test_a_late_truth_replaces_the_unknown(house: House) -> None:
    """Faults 2.41: a holder that was only slow still says what happened, once."""
    customer = await ready_and_claimed(house)
    house.clock.at = NOW + timedelta(seconds=91)
    await house.send()

    await settle(house, customer, Outcome(kind="taken", code=250))
    await settle(house, customer, Outcome(kind="taken", code=250))
    await settle(house, customer, Outcome(kind="unknown"))

    assert await house.state(customer.message_id()) == ("sent", None)
    assert (await house.published())[1:] == ["message-outcome-unknown", "message-sent"]


async def test_a_stale_holder_cannot_speak_for_a_newer_attempt(house: House) -> None:
    """N4: the number of the attempt is the fence."""
    customer = await live_through(house, Script(close_after_data=True))
    await resolve(house, customer.message_id(), "resend")
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


async def test_what_was_sent_is_kept_with_its_hash_to_the_byte(house: House) -> None:
    """N8: exact content, recipient, role, time, server's answer."""
    await live_through(house, Script(end="250 queued as 4711"))

    (row,) = await house.rows(
        "SELECT content, content_sha256, encode(sha256(content), 'hex'), recipient, contact_role, answer, outcome "
        "FROM attempt"
    )
    content, stored_hash, true_hash, *rest = row
    assert house.sink.taken == [content]
    assert stored_hash == true_hash
    assert rest == ["wang@customer.test", "finance", "queued as 4711", "taken"]


async def test_sent_to_the_address_for_service_arrives_three_working_days_later(house: House) -> None:
    """N8: arrived = 3 working days after dispatch to the address that the contract names; periods run from there."""
    customer = await live_through(house, Script(), purpose="formal_demand")
    for offset in range(1, 5):
        await house.live(TODAY + timedelta(days=offset))

    (delivered,) = await told(house, "message-delivered")
    assert (delivered["arrived_date"], delivered["ground"]) == ("2026-03-19", "service_address")
    assert delivered["message_id"] == str(customer.message_id("formal_demand"))
    assert await house.rows("SELECT effective_date FROM outbox WHERE wire LIKE '%delivered%'") == [(date(2026, 3, 19),)]


async def test_sent_anywhere_else_has_not_arrived_by_time_alone(house: House) -> None:
    """N8: without an address for service only a receipt or an answer says that it arrived."""
    customer = Customer()
    await house.record(person(customer, address_for_service=False))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    for offset in range(8):
        await house.live(TODAY + timedelta(days=offset))

    assert await told(house, "message-delivered") == []
    assert len(await told(house, "message-sent")) == 1


async def test_no_event_carries_a_name_or_an_address(house: House) -> None:
    """P3, facts 3.8: personal data stays here."""
    await live_through(house, Script(rcpt="550 no wang@customer.test here"))

    bodies = str(await house.events())
    assert "wang" not in bodies.lower()
    assert "mingyuan" not in bodies.lower()


async def ready_and_claimed(house: House) -> Customer:
    """Claim one message as a holder does who is then never heard of."""
    customer = Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    await house.open()
    await house.work_day()
    claimed = await house.sender._claim()  # noqa: SLF001 - the first half of a round
    assert len(claimed.claims) == 1
    return customer


async def settle(house: House, customer: Customer, outcome: Outcome) -> None:
    """Say what came of the first attempt."""
    async with house.context.begin() as connection:
        await lock_customers(connection, [customer.customer_id], partitions=house.context.partitions)
        await settle_attempts(
            connection, {(customer.message_id(), 1): outcome}, desk=make_desk(house.context), now=house.clock.now()
        )
