"""A restored database sends nothing by itself (N4): claims without an outcome go to people, and one of them unmutes."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event

from services.notifications import mute
from services.notifications.domain.message import Outcome
from services.notifications.main import make_desk
from services.notifications.store.sending import Server
from services.notifications.tests.callers import calling
from services.notifications.tests.facts import Customer, person
from services.notifications.tests.house import House
from services.notifications.tests.test_leases import ready_and_claimed
from services.notifications.usecases import mute_sending
from services.notifications.usecases.settle_attempts import settle_attempts

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


async def test_all_claims_are_given_up_whatever_their_number(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """N4, faults 2.51: some hundred in a transaction, until none is left; none waits for its lease."""
    monkeypatch.setattr(mute, "GIVEN_UP_AT_ONCE", 2)
    monkeypatch.setattr(mute_sending, "GIVEN_UP_AT_ONCE", 2)
    await house.send()
    for number in range(5):
        await house.ready(Customer(f"K-{number}"))
    await house.work_day()
    due = await house.sender._due()  # noqa: SLF001 - a holder who is then never heard of
    assert due is not None
    await house.sender._claim(*due)  # noqa: SLF001
    await house.execute(_FORGED["another server"])

    await house.send()

    assert await house.rows("SELECT state, count(*) FROM message GROUP BY state") == [("unknown", 5)]


async def test_who_was_let_go_on_is_not_muted_by_one_who_looked_before(house: House) -> None:
    """N4: the reason is read again under the lock by which a person unmutes."""
    await house.send()
    async with house.context.begin() as connection:
        assert await mute_sending.mute_sending(connection, conflict=False, now=house.clock.now()) is None
    assert await house.rows("SELECT muted_at FROM sending") == [(None,)]


async def test_the_server_is_asked_who_it_is_once_for_each_connection(house: House) -> None:
    """N4: a round costs no statement for it; the answer is as true as the connection is open."""
    await _release_one(house)
    asked: list[str] = []
    event.listen(
        house.context.engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: asked.append(statement),
    )
    sender = house.sender
    while await sender.round():
        pass
    await sender.round()
    questions = [each for each in asked if "pg_control_system" in each]
    assert len(questions) <= house.context.engine.pool.checkedin()  # type: ignore[attr-defined] # a QueuePool
    assert len(house.sink.taken) == 1


async def test_a_claim_on_a_connection_to_another_server_is_not_stored(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N4, faults 2.51: the pool may have connected anew between the look and the claim."""
    await _release_one(house)
    servers = iter([Server("1", "00000001"), Server("2", "00000001")])

    async def another(_connection: object) -> Server:
        await asyncio.sleep(0)
        return next(servers)

    monkeypatch.setattr(mute, "server_of", another)
    with pytest.raises(mute.ServerChanged):
        await house.sender.round()
    assert await house.rows("SELECT count(*) FROM attempt") == [(0,)]


async def test_what_became_of_an_attempt_that_a_restore_took_away_stops_nobody(house: House) -> None:
    """N4, faults 2.51: its holder still knows, this database does not; the other outcomes of the round are stored."""
    customer = await ready_and_claimed(house)
    taken = Outcome(kind="taken", code=250)
    lost = (UUID(int=1), 1)
    async with house.context.begin() as connection:
        outcomes = {lost: taken, (customer.message_id(), 1): taken}
        await settle_attempts(connection, outcomes, desk=make_desk(house.context), now=house.clock.now())
    assert await house.state(customer.message_id()) == ("sent", None)


async def _release_one(house: House) -> Customer:
    customer = Customer(number="K-muted")
    await house.record(person(customer))
    await house.hear(customer.issued("INV-M"), customer.planned("INV-M"))
    await house.open()
    await house.work_day()
    return customer
