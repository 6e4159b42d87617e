"""What is kept of each message, and when it counts as arrived (N8)."""

from datetime import date, timedelta

from services.notifications.tests.facts import TODAY, Customer, person
from services.notifications.tests.house import House
from services.notifications.tests.mail_sink import Script


async def test_what_was_sent_is_kept_with_its_hash_to_the_byte(house: House) -> None:
    """N8: exact content, recipient, role, time, server's answer."""
    await house.live_through(Script(end="250 queued as 4711"))

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
    customer = await house.live_through(Script(), purpose="formal_demand")
    for offset in range(1, 5):
        await house.live(TODAY + timedelta(days=offset))

    (delivered,) = await house.told("message-delivered")
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

    assert await house.told("message-delivered") == []
    assert len(await house.told("message-sent")) == 1


async def test_no_event_carries_a_name_or_an_address(house: House) -> None:
    """P3, facts 3.8: personal data stays here."""
    await house.live_through(Script(rcpt="550 no wang@customer.test here"))

    bodies = str(await house.events())
    assert "wang" not in bodies.lower()
    assert "mingyuan" not in bodies.lower()
