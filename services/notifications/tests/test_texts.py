"""Text messages beside the mail: one contact, two decisions, a second provider, and never twice (N1, N4, N6)."""

from datetime import timedelta

from services.notifications.gateways.circuits import FAILURES
from services.notifications.tests.facts import NOW, TODAY, TOMORROW, Customer, person
from services.notifications.tests.house import PHONE, House
from services.notifications.tests.text_gateway import Answers, Gateway


async def test_the_friendly_reminder_goes_by_mail_and_by_text(texting_house: House, main: Gateway) -> None:
    """Facts 3.9, N6: both on one day, and they count as one contact; the text's words and sums are as approved."""
    customer = Customer()
    await texting_house.remind(customer)

    (asked,) = main.asked
    assert (asked["to"], asked["template_id"]) == (PHONE, "REMINDER_EN")
    assert asked["reference"] == str(customer.message_id(channel="sms"))
    assert asked["variables"]["total"] == "CNY 1,250.00"
    assert len(texting_house.sink.taken) == 1
    assert [(each["channel"], each["accompanies"]) for each in await texting_house.told("message-sent")] == [
        ("email", False),
        ("sms", True),
    ]
    await texting_house.hear(
        customer.planned("INV-1", purpose="second_reminder", channels=["email", "sms"], on=TOMORROW)
    )
    await texting_house.live(TOMORROW)
    assert len(main.asked) == len(texting_house.sink.taken) == 2


async def test_what_was_asked_of_the_provider_is_kept_with_its_hash(texting_house: House, main: Gateway) -> None:
    """N8: text and variables, to the byte; a text message has not arrived by time alone."""
    await texting_house.remind(Customer())
    for offset in range(1, 6):
        await texting_house.live(TODAY + timedelta(days=offset))

    (kept,) = await texting_house.rows(
        "SELECT content, content_sha256 = encode(sha256(content), 'hex'), provider, served FROM attempt "
        "WHERE channel = 'sms'"
    )
    assert kept == (main.raw[0], True, "main", False)
    assert {each["channel"] for each in await texting_house.told("message-delivered")} == {"email"}


async def test_without_a_number_the_mail_goes_and_nobody_is_alarmed(texting_house: House, main: Gateway) -> None:
    """N3: what only accompanies does not decide what becomes of the reminder."""
    customer = Customer()
    await texting_house.remind(customer, phone=None)

    assert main.asked == []
    assert len(texting_house.sink.taken) == 1
    (withheld,) = await texting_house.told("message-withheld")
    assert (withheld["channel"], withheld["accompanies"], withheld["reason"]) == ("sms", True, "no_contact_point")


async def test_a_paid_debt_is_spoken_of_on_no_channel(texting_house: House, main: Gateway) -> None:
    """N5: each channel is checked at the last moment."""
    customer = Customer()
    await texting_house.record(person(customer, phone=PHONE))
    await texting_house.hear(customer.issued("INV-1"), customer.planned("INV-1", channels=["email", "sms"]))
    await texting_house.hear(customer.paid("INV-1"))
    await texting_house.live(TODAY)

    assert (main.asked, texting_house.sink.taken) == ([], [])


async def test_row_44_silence_is_asked_once_more_where_references_count(texting_house: House, main: Gateway) -> None:
    """N4: the provider promises, the template allows: one repeat with the same reference, then a person decides."""
    customer = Customer()
    main.script = Answers(closes=True)
    await texting_house.remind(customer)
    assert await texting_house.state(customer.message_id(channel="sms")) == ("retrying", "outcome_unknown")
    for hours in (1, 6):
        texting_house.clock.at = NOW + timedelta(hours=hours)
        await texting_house.send()

    assert [each["reference"] for each in main.asked] == [str(customer.message_id(channel="sms"))] * 2
    assert await texting_house.state(customer.message_id(channel="sms")) == ("unknown", "outcome_unknown")
    assert await texting_house.state(customer.message_id()) == ("sent", None)


async def test_silence_is_never_repeated_where_nothing_is_promised(
    safe_house: House, main: Gateway, spare: Gateway
) -> None:
    """N4: unknown is unknown; the second provider is not asked either, for the first may have taken it."""
    customer = Customer()
    main.script = Answers(status=500)
    await safe_house.remind(customer)
    safe_house.clock.at = NOW + timedelta(hours=6)
    await safe_house.send()

    assert (len(main.asked), len(spare.asked)) == (1, 0)
    assert await safe_house.state(customer.message_id(channel="sms")) == ("unknown", "outcome_unknown")


async def test_a_second_provider_takes_over_what_the_first_certainly_has_not(
    safe_house: House, main: Gateway, spare: Gateway
) -> None:
    """N1: at once, by an attempt of its own that is recorded before it is made."""
    customer = Customer()
    main.script = Answers(status=503)
    await safe_house.remind(customer)

    assert (len(main.asked), len(spare.asked)) == (1, 1)
    attempts = "SELECT attempt_no, provider, outcome FROM attempt WHERE channel = 'sms' ORDER BY attempt_no"
    assert await safe_house.rows(attempts) == [(1, "main", "deferred"), (2, "spare", "taken")]
    assert await safe_house.state(customer.message_id(channel="sms")) == ("sent", None)


async def test_where_both_fail_the_message_waits(safe_house: House, main: Gateway, spare: Gateway) -> None:
    """N4: each is asked once, then there is a pause."""
    customer = Customer()
    main.script = spare.script = Answers(status=503)
    await safe_house.remind(customer)
    assert (len(main.asked), len(spare.asked)) == (1, 1)
    assert await safe_house.state(customer.message_id(channel="sms")) == ("retrying", "deferred")

    main.script = Answers()
    safe_house.clock.at = NOW + timedelta(minutes=2)
    await safe_house.send()
    assert await safe_house.state(customer.message_id(channel="sms")) == ("sent", None)


async def test_row_44_a_provider_that_asks_for_patience_is_given_it(texting_house: House, main: Gateway) -> None:
    """Faults 2.44: 429 with Retry-After."""
    customer = Customer()
    main.script = Answers(status=429, headers={"Retry-After": "3600"})
    await texting_house.remind(customer)
    main.script = Answers()
    texting_house.clock.at = NOW + timedelta(minutes=50)
    await texting_house.send()
    assert len(main.asked) == 1

    texting_house.clock.at = NOW + timedelta(minutes=61)
    await texting_house.send()
    assert await texting_house.state(customer.message_id(channel="sms")) == ("sent", None)


async def test_a_number_that_is_refused_is_flagged_and_used_no_more(texting_house: House, main: Gateway) -> None:
    """N1, N9: the number, not the address; mails still go."""
    customer = Customer()
    main.script = Answers(status=400)
    await texting_house.remind(customer)

    assert await texting_house.state(customer.message_id(channel="sms")) == ("failed", "sms_400")
    assert [each["channel"] for each in await texting_house.told("contact-point-invalid")] == ["sms"]
    await texting_house.hear(
        customer.planned("INV-1", purpose="second_reminder", channels=["email", "sms"], on=TOMORROW)
    )
    await texting_house.live(TOMORROW)
    assert (len(main.asked), len(texting_house.sink.taken)) == (1, 2)


async def test_an_open_circuit_sends_all_others_to_the_second_provider(
    safe_house: House, main: Gateway, spare: Gateway
) -> None:
    """N1: a provider that fails again and again is not asked for each message first."""
    main.script = Answers(status=503)
    customers = [Customer(f"C-{number}") for number in range(FAILURES + 4)]
    for customer in customers:
        await safe_house.record(person(customer, phone=PHONE))
        await safe_house.hear(customer.issued("INV-1"), customer.planned("INV-1", channels=["email", "sms"]))
    await safe_house.open(TODAY)
    await safe_house.work_day()
    sender = safe_house.sender
    while await sender.round():
        pass
    first = len(main.asked)
    late = Customer("C-late")
    await safe_house.record(person(late, phone=PHONE))
    await safe_house.hear(late.issued("INV-1"), late.planned("INV-1", channels=["email", "sms"]))
    await safe_house.work_day()
    while await sender.round():
        pass

    assert len(main.asked) == first
    assert len(spare.asked) == len(customers) + 1
