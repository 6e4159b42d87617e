"""A decision to send is made once, and a message that did not go frees its keys (N4)."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from services.notifications.tests.facts import TODAY, TOMORROW, Customer
from services.notifications.tests.house import House
from services.notifications.tests.rests import pause, pause_ended


async def test_the_same_decision_is_made_once(house: House) -> None:
    """N4: unique by entity, customer, purpose, step and planned date, whatever reminder asks for it."""
    customer = Customer()
    await house.ready(customer)
    other = UUID(int=99)
    await house.hear(customer.planned("INV-1", reminder_id=other))

    await house.live(TODAY)

    assert len(house.sink.taken) == 1
    states = await house.rows("SELECT state, reason FROM message ORDER BY state")
    assert [tuple(each) for each in states] == [("sent", None), ("withheld", "already_sent")]


async def test_each_debt_is_told_once_per_step_and_episode(house: House) -> None:
    """N4: the line's key holds among claimed and sent messages."""
    customer = Customer()
    await house.ready(customer)
    await house.live(TODAY)
    await house.hear(customer.planned("INV-1", on=TOMORROW))
    await house.live(TOMORROW)

    assert len(house.sink.taken) == 1
    assert await house.state(customer.message_id(on=TOMORROW)) == ("withheld", "already_sent")


async def test_the_database_itself_refuses_a_second_decision(house: House) -> None:
    """N4: the keys are unique in the database, not only in our code."""
    customer = Customer()
    await house.ready(customer)
    await house.hear(customer.planned("INV-1", reminder_id=UUID(int=99)))
    await house.live(TODAY)

    with pytest.raises(IntegrityError, match="message_once"):
        await house.execute("UPDATE message SET state = 'sent', civil_date = :day WHERE state = 'withheld'", day=TODAY)
    with pytest.raises(IntegrityError, match="message_line_once"):
        await house.execute("UPDATE message_line SET holds = true")


async def test_a_withheld_message_frees_its_keys(house: House) -> None:
    """N4: both keys hold among claimed and sent only."""
    customer = Customer()
    await house.ready(customer, pause(customer))
    await house.live(TODAY)
    await house.hear(pause_ended(customer), customer.planned("INV-1", reminder_id=UUID(int=99)))
    await house.send()

    assert len(house.sink.taken) == 1


async def test_two_senders_at_once_send_once(house: House) -> None:
    """N4: what keeps several senders from sending the same is the database."""
    customers = [Customer(f"C-{number}") for number in range(12)]
    for customer in customers:
        await house.ready(customer)
    await house.open()
    await house.work_day()

    senders = [house.sender for _ in range(3)]
    for _ in range(6):
        await asyncio.gather(*(each.round() for each in senders))

    assert len(house.sink.taken) == len(customers)
    assert {state for (state,) in await house.rows("SELECT state FROM message")} == {"sent"}
