"""After days of downtime: missed days send nothing, and what then goes, goes by hours and caps (N6, K2)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.notifications.tests.facts import TODAY, Customer, creditor, person
from services.notifications.tests.house import House

FRIDAY = TODAY - timedelta(days=3)
PURPOSES = ["reminder", "second_reminder", "formal_demand", "lawyer_letter"]


async def test_row_37_missed_days_send_nothing_and_then_the_highest_goes_alone(civil_house: House) -> None:
    """K2, faults 2.37: what a missed day planned is superseded by a later one, so it must not leave in between."""
    house, customer = civil_house, Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1", on=FRIDAY))

    for missed in range(3):
        await house.live(FRIDAY + timedelta(days=missed))
    assert house.sink.taken == []
    assert await house.unfinished() == []

    await house.hear(customer.withdrawn(on=FRIDAY), customer.planned("INV-1", purpose="second_reminder"))
    await house.live(TODAY)

    assert len(house.sink.taken) == 1
    assert await house.state(customer.message_id("second_reminder")) == ("sent", None)
    assert await house.state(customer.message_id(on=FRIDAY)) == ("withdrawn", "superseded")


async def test_the_day_of_the_creditor_who_has_it_first_is_waited_for(civil_house: House) -> None:
    """K2, L7: the ledger opens a day where it comes first; at 20:00 in Shanghai it is tomorrow in Auckland."""
    house, customer = civil_house, Customer()
    await house.record(person(customer, zone="Europe/Berlin"))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    house.clock.at = datetime(2026, 3, 16, 12, tzinfo=UTC)
    far = creditor("nz01")
    await house.hear(replace(far, event=far.event.model_copy(update={"zone": "Pacific/Auckland"})))

    await house.live(TODAY)
    assert house.sink.taken == []

    await house.live(TODAY + timedelta(days=1))
    assert len(house.sink.taken) == 1


async def test_row_37_who_wakes_at_eleven_at_night_sends_one_message_a_day_from_the_next_morning(
    civil_house: House,
) -> None:
    """N6, K16, faults 2.37: quiet hours, one a day and three a week hold for all that gathered in the meantime."""
    house, customer = civil_house, Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"))
    for purpose in PURPOSES:
        await house.hear(customer.planned("INV-1", purpose=purpose, formal=purpose in PURPOSES[2:]))
    house.clock.at = datetime(2026, 3, 16, 15, tzinfo=UTC)  # 23:00 in Shanghai

    sent: list[int] = []
    for days in range(8):
        await house.live(TODAY + timedelta(days=days))
        sent.append(len(house.sink.taken))
        house.clock.at += timedelta(days=1, hours=-13 if days == 0 else 0)

    assert sent == [0, 1, 2, 3, 3, 3, 3, 3]
    assert [each["Date"][:16] for each in house.sink.mails] == [
        "Tue, 17 Mar 2026",
        "Wed, 18 Mar 2026",
        "Thu, 19 Mar 2026",
    ]
    assert await house.rows("SELECT due_at FROM message WHERE state = 'released'") == [
        (datetime(2026, 3, 24, 1, tzinfo=UTC),)
    ]


@pytest.mark.parametrize(("oldest", "sent"), [(date(2026, 3, 10), 0), (date(2026, 3, 9), 1)])
async def test_the_week_is_the_recipients_where_his_date_lies_behind(
    civil_house: House, oldest: date, sent: int
) -> None:
    """N6, K16: in New York it is Monday when Shanghai works Tuesday; last Tuesday is still one of its seven days."""
    house, customer = civil_house, Customer()
    await house.record(person(customer, zone="America/New_York"))
    await house.hear(customer.issued("INV-1"))
    tuesday = TODAY + timedelta(days=1)
    for purpose, on in zip(PURPOSES, [oldest, date(2026, 3, 11), date(2026, 3, 12), tuesday], strict=True):
        await house.open(on)
        house.clock.at = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)
        if on == tuesday:
            house.clock.at = datetime(2026, 3, 16, 18, tzinfo=UTC)
        await house.hear(customer.planned("INV-1", purpose=purpose, formal=purpose in PURPOSES[2:], on=on))
        await house.live(on)

    assert len(house.sink.taken) == 3 + sent
