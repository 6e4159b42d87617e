"""What the server answers decides: retried, failed, or unknown until a person looks (N4, faults 2.39-2.41)."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.notifications.domain.message import Message
from services.notifications.tests.facts import NOW, TODAY
from services.notifications.tests.house import House
from services.notifications.tests.mail_sink import Script
from shared.web.problems import Problem


async def test_row_39_a_refusal_for_now_is_tried_again_with_the_same_message_id(house: House) -> None:
    """Faults 2.39: 4xx is retried after a pause under the same Message-ID; its day does not wait for it."""
    customer = await house.live_through(Script(rcpt="451 greylisted"))
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
    customer = await house.live_through(Script(end="452 later"))
    await house.hear(customer.paid("INV-1"))
    house.sink.script = Script()
    house.clock.at = NOW + timedelta(hours=1)
    await house.send()

    assert house.sink.taken == []
    assert await house.state(customer.message_id()) == ("withheld", "paid")


async def test_row_39_after_three_days_of_refusals_people_are_told(house: House) -> None:
    """Faults 2.39: 72 hours, then MessageFailed; the address is not to blame."""
    customer = await house.live_through(Script(mail="451 later"))
    for hours in range(0, 80, 4):
        house.clock.at = NOW + timedelta(hours=hours)
        await house.send()

    assert await house.state(customer.message_id()) == ("failed", "retries_exhausted")
    assert [each["reason"] for each in await house.told("message-failed")] == ["retries_exhausted"]
    assert await house.told("contact-point-invalid") == []


@pytest.mark.parametrize("script", [Script(rcpt="550 unknown"), Script(end="550 refused")])
async def test_row_40_a_final_refusal_flags_the_address_and_is_not_repeated(house: House, script: Script) -> None:
    """Faults 2.40: 5xx at RCPT or DATA: contact flagged, MessageFailed, and the next message does not go there."""
    customer = await house.live_through(script)

    assert await house.state(customer.message_id()) == ("failed", "smtp_550")
    assert [each["reason"] for each in await house.told("message-failed")] == ["smtp_550"]
    (invalid,) = await house.told("contact-point-invalid")
    assert set(invalid) == {"contact_point_id", "channel", "role", "reason"}
    tomorrow = TODAY + timedelta(days=1)
    await house.hear(customer.planned("INV-1", purpose="second_reminder", on=tomorrow))
    await house.live(tomorrow)
    assert await house.state(customer.message_id("second_reminder", tomorrow)) == ("withheld", "no_contact_point")


async def test_row_41_silence_after_the_final_dot_is_unknown_and_not_sent_again(house: House) -> None:
    """Faults 2.41: the server has it, or has it not; nobody can say, so a person decides."""
    customer = await house.live_through(Script(close_after_data=True))
    house.sink.script = Script()
    house.clock.at = NOW + timedelta(days=2)
    await house.send()

    assert len(house.sink.taken) == 1
    assert await house.state(customer.message_id()) == ("unknown", "outcome_unknown")
    assert len(await house.told("message-outcome-unknown")) == 1
    assert await house.unfinished() == []


async def test_a_friendly_letter_is_sent_once_more_because_its_template_says_so(house: House) -> None:
    """N4: the policy of the template says resend; at most one duplicate, with the same Message-ID."""
    customer = await house.live_through(Script(close_after_data=True), purpose="pre_due")
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
    customer = await house.live_through(Script(close_after_data=True))

    marked = await house.resolve(customer.message_id(), "mark_sent")
    assert isinstance(marked, Message)
    assert marked.state == "sent"
    assert isinstance(await house.resolve(customer.message_id(), "resend"), Problem)

    (sent,) = await house.told("message-sent")
    assert [(sent["content_sha256"],)] == await house.rows("SELECT content_sha256 FROM attempt")
    assert await house.rows("SELECT resolved_by, resolution FROM message") == [("ann", "mark_sent: asked")]


async def test_a_person_has_it_sent_again_and_it_is_checked_again(house: House) -> None:
    """N4, N5: by hand, but not around the rules; the key is taken anew."""
    customer = await house.live_through(Script(close_after_data=True))
    house.sink.script = Script()
    await house.resolve(customer.message_id(), "resend")
    await house.send()

    assert len(house.sink.taken) == 2
    assert await house.state(customer.message_id()) == ("sent", None)


async def test_a_person_gives_up_and_the_debt_may_be_written_about_again(house: House) -> None:
    """N4: an abandoned message frees its keys, and collections hears of it."""
    customer = await house.live_through(Script(close_after_data=True))
    house.sink.script = Script()
    await house.resolve(customer.message_id(), "give_up")
    await house.hear(customer.planned("INV-1", reminder_id=UUID(int=99)))
    await house.send()

    assert [each["reason"] for each in await house.told("message-failed")] == ["given_up"]
    assert len(house.sink.taken) == 2
