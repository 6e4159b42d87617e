"""A message that must wait, waits, and goes when it may; one that may not go says why (N3, N6)."""

from datetime import date, timedelta

from services.notifications.tests.facts import NOW, TODAY, TOMORROW, Customer, creditor, person
from services.notifications.tests.house import House


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


async def test_a_text_message_that_nobody_can_send_is_withheld_and_the_mail_goes(house: House) -> None:
    """K5, N1: without a provider the text message says so; it only accompanies, so collections is not alarmed."""
    customer = Customer()
    await house.ready(customer)
    await house.hear(customer.planned("INV-1", purpose="second_reminder", channels=["email", "sms"]))

    await house.live(TODAY)

    assert await house.state(customer.message_id("second_reminder", channel="sms")) == (
        "withheld",
        "channel_not_configured",
    )
    assert await house.state(customer.message_id("second_reminder")) == ("sent", None)
    (withheld,) = await house.told("message-withheld")
    assert (withheld["channel"], withheld["accompanies"]) == ("sms", True)


async def test_words_that_break_withhold_their_message_and_stop_no_other(house: House) -> None:
    """N2: one bad letter is one withheld message."""
    good, bad = Customer("C-good"), Customer("C-bad")
    await house.ready(good)
    await house.ready(bad)
    await house.execute(
        "UPDATE contact_point SET email = 'a@b.test, c@d.test' WHERE customer_id = :id", id=bad.customer_id
    )

    await house.live(TODAY)

    assert await house.state(good.message_id()) == ("sent", None)
    assert await house.state(bad.message_id()) == ("withheld", "mail_not_writable")
