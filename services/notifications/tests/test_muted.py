"""A restored database sends nothing by itself (N4): claims without an outcome go to people, and one of them unmutes."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.notifications.tests.callers import calling
from services.notifications.tests.facts import Customer, person
from services.notifications.tests.house import House
from services.notifications.tests.test_leases import ready_and_claimed

_FORGED = {
    "another server": "UPDATE sending SET system_identifier = '1'",
    "another timeline": "UPDATE sending SET timeline = '000000FF'",
}


async def test_a_fresh_installation_is_not_mute(house: House) -> None:
    """N4: the first start remembers its server, and sends."""
    await _release_one(house)
    await house.send()
    assert len(house.sink.taken) == 1
    assert await house.rows("SELECT muted_at FROM sending") == [(None,)]


@pytest.mark.parametrize("forged", _FORGED)
async def test_row_51_after_a_restore_claims_go_to_people_and_nothing_leaves(
    house: House, tmp_path: Path, forged: str
) -> None:
    """N4: an open claim is unknown at once, not only after its lease; what is due waits until a person says so."""
    await house.send()
    claimed = await ready_and_claimed(house)
    await _release_one(house)
    await house.execute(_FORGED[forged])

    await house.send()

    assert house.sink.taken == []
    assert await house.state(claimed.message_id()) == ("unknown", "outcome_unknown")
    async with calling(house, tmp_path) as callers:
        shown = await callers["eve"].get("/v1/sending")
        assert "restored" in shown["muted_reason"]
        assert (await callers["eve"].post("/v1/sending/unmute", {"reason": "compared"})).status_code == 403
        assert (await callers["ann"].post("/v1/sending/unmute", {"reason": "compared"})).status_code == 204
        shown = await callers["eve"].get("/v1/sending")
        assert (shown["muted_at"], shown["unmuted_by"], shown["unmuted_reason"]) == (None, "ann", "compared")
        assert (await callers["ann"].post("/v1/sending/unmute", {"reason": "again"})).status_code == 409
    await house.send()
    assert len(house.sink.taken) == 1


@pytest.mark.parametrize(("agrees", "muted"), [(False, True), (None, False)])
async def test_row_24_a_sender_whose_topic_tells_another_history_is_silent(
    house: House, *, agrees: bool | None, muted: bool
) -> None:
    """N4, P4, faults 2.24: a conflict mutes for good; before topic and database are compared nothing leaves either."""
    await _release_one(house)
    told = replace(house, context=replace(house.context, agrees=lambda: agrees))
    sender = told.sender
    assert await sender.round() is False
    assert house.sink.taken == []
    assert await house.rows("SELECT muted_reason IS NOT NULL FROM sending") == [(muted,)]


async def _release_one(house: House) -> Customer:
    customer = Customer(number="K-muted")
    await house.record(person(customer))
    await house.hear(customer.issued("INV-M"), customer.planned("INV-M"))
    await house.open()
    await house.work_day()
    return customer
