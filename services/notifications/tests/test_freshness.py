"""Nothing leaves about a debt that is paid, disputed, promised or paused (N5)."""

from collections.abc import Callable

import pytest

from services.notifications.tests.facts import TODAY, TOMORROW, Customer, person
from services.notifications.tests.house import House
from services.notifications.tests.rests import broken, dispute, pause, promise, resolved
from shared.messaging.subscription import Received


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
    await house.ready(customer, fact(customer))

    await house.live(TODAY)

    assert house.sink.taken == []
    assert await house.state(customer.message_id()) == ("withheld", reason)
    assert (await house.events())[-1][1]["reason"] == reason
    assert await house.unfinished() == []


async def test_when_a_rest_ends_the_debt_may_be_spoken_of_again(house: House) -> None:
    """K8, K10: a broken promise rests no more from that day, a lost dispute from the day that was told."""
    customer = Customer()
    await house.ready(
        customer,
        promise(customer),
        broken(customer),
        dispute(customer),
        resolved(customer, credited=0, dunning_from=TOMORROW),
    )

    await house.live(TODAY)
    await house.hear(customer.planned("INV-1", on=TOMORROW))
    await house.live(TOMORROW)

    assert await house.state(customer.message_id()) == ("withheld", "disputed")
    assert await house.state(customer.message_id(on=TOMORROW)) == ("sent", None)


async def test_a_line_that_died_is_left_out_and_the_rest_goes(house: House) -> None:
    """N5, K5: dead lines are dropped with their reason, the sum is that of the others."""
    customer = Customer()
    await house.ready(customer)
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
    await house.ready(customer, dispute(customer, amount=25_000))

    await house.live(TODAY)

    assert "CN¥1,000.00" in house.sink.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


async def test_a_debt_that_is_to_be_credited_is_not_asked_for_before_its_credit_note(house: House) -> None:
    """K10: decided for the debtor, it rests until the ledger has lowered it; then only the rest is asked for."""
    customer = Customer()
    granted = resolved(customer, credited=25_000, dunning_from=TODAY)
    await house.ready(customer, dispute(customer), granted)
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
    await house.ready(customer, customer.paid("INV-1", left=125_000, before=0, episode=2))

    await house.live(TODAY)

    assert await house.state(customer.message_id()) == ("withheld", "episode_over")


async def test_a_withdrawn_reminder_never_leaves(house: House) -> None:
    """K5: an intent until it leaves."""
    customer = Customer()
    await house.ready(customer)
    await house.hear(customer.withdrawn())

    await house.live(TODAY)

    assert house.sink.taken == []
    assert await house.state(customer.message_id()) == ("withdrawn", "superseded")


async def test_a_reminder_withdrawn_after_it_left_has_left(house: House) -> None:
    """K5: too late is too late, and is not rewritten."""
    customer = Customer()
    await house.ready(customer)
    await house.live(TODAY)
    await house.hear(customer.withdrawn())

    assert await house.state(customer.message_id()) == ("sent", None)
