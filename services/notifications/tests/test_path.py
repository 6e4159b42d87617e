"""From a planned reminder to a mail and its proof."""

from services.notifications.tests.facts import TODAY, Customer, person
from services.notifications.tests.house import House


async def test_a_planned_reminder_becomes_one_mail_that_says_what_is_owed(house: House) -> None:
    """N1, N4, N8: one mail leaves, with figures from the projection, and MessageSent tells of it."""
    customer = Customer()
    await house.record(person(customer))
    await house.hear(
        customer.issued("INV-1"), customer.issued("INV-2", amount=75_000), customer.planned("INV-1", listed=["INV-2"])
    )

    await house.live(TODAY)

    (mail,) = house.sink.mails
    assert mail["To"] == "Wang Fang <wang@customer.test>"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "CN¥2,000.00" in body.get_content()
    assert await house.state(customer.message_id()) == ("sent", None)
    assert await house.published() == ["contact-point-verified", "message-sent"]
    assert await house.unfinished() == []
