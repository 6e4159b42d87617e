"""What was recorded is held to what was told, each event to its cause, each reader to where it stands (7, 10, 13)."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from checker.causes import check_causes
from checker.histories import History
from checker.opt_outs import check_opt_outs
from checker.positions import check_positions
from checker.snapshot import Snapshot
from checker.tests.conftest import OpenDatabase
from checker.tests.seeding import drop_guards, seed
from checker.tests.told import CUSTOMER, TOPIC, envelope, history, record, told_at
from checker.told import TALES, Tale, check_told, told_by
from shared.contracts.collections import PromiseMade
from shared.contracts.notifications import ContactOptedOut
from shared.ids import derived_id
from shared.messaging.kafka import Record

ONE, OTHER = (UUID(int=number) for number in range(1, 3))
# What a row must say besides, so that it is to be told of.
STATES = {"invoice": {"state": "issued"}, "promise": {"state": "open"}, "message": {"state": "sent"}}


def table_of(tale: Tale) -> tuple[str, str]:
    """Return the table and the column of its subjects."""
    words = tale.recorded.replace("(", " ").split()
    return words[words.index("FROM") + 1], words[words.index("CAST") + 1]


def told_of(tale: Tale, *subjects: UUID) -> History:
    """Return a topic that tells of these subjects."""
    said = [
        replace(envelope(number, wire=tale.event.wire), subject=str(subject))
        for number, subject in enumerate(subjects, 1)
    ]
    return History(tale.service, {0: [told_at(each) for each in said]})


@pytest.mark.parametrize("tale", TALES, ids=lambda each: each.event.wire)
async def test_invariant_7_what_is_recorded_is_told_once(open_database: OpenDatabase, tale: Tale) -> None:
    """7, 12: nothing untold, twice told, or told that is not there; an outbox row that was not sent yet counts."""
    table, column = table_of(tale)
    async with open_database(tale.service) as connection:
        await drop_guards(connection)
        await seed(connection, [(table, {column: ONE, **STATES.get(table, {})})])
        snapshot = Snapshot(tale.service, connection)

        async def difference(*subjects: UUID, outbox: list[Any] | None = None) -> tuple[str, ...]:
            told = told_by(told_of(tale, *subjects), outbox or [])
            return tuple((await check_told(tale, snapshot, told)).differences)

        assert await difference(ONE) == ()
        unsent: Any = SimpleNamespace(event_id=OTHER, wire=tale.event.wire, subject=str(ONE))
        assert await difference(outbox=[unsent]) == ()
        assert await difference() == (f"{tale.event.wire} of {ONE}: told 0 times, recorded 1 times",)
        assert await difference(ONE, ONE) == (f"{tale.event.wire} of {ONE}: told 2 times, recorded 1 times",)
        assert await difference(ONE, OTHER) == (f"{tale.event.wire} of {OTHER}: told 1 times, recorded 0 times",)


async def test_invariant_7_an_invoice_that_is_to_come_is_told_when_it_comes(open_database: OpenDatabase) -> None:
    """7: of a pending invoice nobody may have heard; of one that was canceled, anything is right."""
    async with open_database("ledger") as connection:
        await drop_guards(connection)
        await seed(connection, [("invoice", {"invoice_id": ONE, "state": "pending"})])
        snapshot, invoices = Snapshot("ledger", connection), TALES[0]
        assert (await check_told(invoices, snapshot, {})).holds
        assert not (await check_told(invoices, snapshot, told_by(told_of(invoices, ONE), []))).holds
        await connection.execute(text("UPDATE invoice SET state = 'cancelled'"))
        assert (await check_told(invoices, snapshot, told_by(told_of(invoices, ONE), []))).holds


@pytest.mark.parametrize(("outcome", "times"), [("needless", 0), ("approved", 1)])
async def test_invariant_7_a_promise_that_was_withdrawn_before_it_was_approved_is_not_told(
    open_database: OpenDatabase, outcome: str, times: int
) -> None:
    """7: paid while a manager had yet to approve it: the promise never was; after the approval it was."""
    promises = next(each for each in TALES if each.event is PromiseMade)
    async with open_database("collections") as connection:
        await drop_guards(connection)
        promise = ("promise", {"promise_id": ONE, "state": "withdrawn"})
        approval = {"task_id": OTHER, "subject_id": ONE, "kind": "approve_promise", "outcome": outcome}
        await seed(connection, [promise, ("task", {**approval, "completed_date": date(2026, 3, 2)})])
        told = told_by(told_of(promises, *[ONE] * times), [])
        assert (await check_told(promises, Snapshot("collections", connection), told)).holds


@pytest.mark.parametrize("customer_id", [CUSTOMER, None])
def test_invariant_7_an_event_is_of_its_cause(customer_id: UUID | None) -> None:
    """7: with another cause, type or subject its id is not its own; a third of its kind is as good as the first."""
    said = replace(envelope(1), customer_id=customer_id)
    kind = f"{said.wire}/{said.subject}/{None if customer_id else 0}"
    made = replace(said, event_id=derived_id(said.causation_id, kind, 2))
    assert check_causes({"ledger": History("ledger", {0: [told_at(made)]})}).holds
    for other in (
        replace(made, causation_id=ONE),
        replace(made, subject="another"),
        replace(made, wire="ledger.invoice-settled.v1"),
    ):
        found = check_causes({"ledger": History("ledger", {0: [told_at(other)]})})
        assert found.differences == (
            f"ledger/0 number 1: event {made.event_id} does not follow from {other.causation_id}",
        )


def at(sequence: int, *, quarantined: list[int] | None = None) -> Any:
    """Return a stored position behind so many events."""
    return SimpleNamespace(
        topic=TOPIC,
        partition_no=0,
        epoch=1,
        sequence=sequence,
        last_event_id=envelope(sequence).event_id,
        next_offset=sequence,
        quarantined=quarantined or [],
    )


def wrong_of(position: Any, *, unreadable: list[Record] | None = None) -> tuple[str, ...]:
    """Hold a position to a topic of two events."""
    topic = History("ledger", {0: [told_at(envelope(1)), told_at(envelope(2))]}, unreadable=unreadable or [])
    return tuple(check_positions("credit", [position], {"ledger": topic}, topic_prefix="dueflow.").differences)


def test_invariant_10_a_reader_stands_at_an_event_of_the_topic() -> None:
    """10: a position beyond the topic, or at another event, is no position."""
    assert wrong_of(at(2)) == ()
    gone = f"the topic has no event {envelope(3).event_id} with number 3"
    assert wrong_of(at(3)) == (f"credit in {TOPIC}/0: {gone}",)
    ahead = at(1)
    ahead.next_offset = 2
    assert wrong_of(ahead) == (f"credit in {TOPIC}/0: goes on at offset 2, behind events after number 1",)
    topic = History("ledger", {0: [told_at(envelope(1))]}, ends={0: 1})
    beyond = at(1)
    beyond.next_offset = 2
    (found,) = check_positions("credit", [beyond], {"ledger": topic}, topic_prefix="dueflow.").differences
    assert found == f"credit in {TOPIC}/0: goes on at offset 2, beyond the end of the topic"
    elsewhere = at(2)
    elsewhere.last_event_id = ONE
    assert wrong_of(elsewhere) == (f"credit in {TOPIC}/0: the topic has no event {ONE} with number 2",)


def test_invariant_10_what_is_no_event_lies_in_quarantine() -> None:
    """10: applied, duplicate or in quarantine: a reader has passed nothing else."""
    garbage = [replace(record(1, offset=1), headers=[])]
    assert wrong_of(at(2, quarantined=[1]), unreadable=garbage) == ()
    told = "passed [1], which are no events, and keeps [] in quarantine"
    assert wrong_of(at(2), unreadable=garbage) == (f"credit in {TOPIC}/0: {told}",)


@pytest.mark.parametrize(
    ("scope", "purpose", "seconds", "holds"),
    [
        ("all", "reminder", 60, False),
        ("all", "reminder", -60, True),
        ("before_due", "reminder", 60, True),
        ("before_due", "pre_due", 60, False),
    ],
)
def test_invariant_13_nothing_goes_to_whoever_has_opted_out(
    scope: Any, purpose: str, seconds: int, *, holds: bool
) -> None:
    """13: what went before is history; what goes after, and was refused, is wrong."""
    opted_out = ContactOptedOut(contact_point_id=ONE, channel="email", role="payer", scope=scope)
    said = history("notifications", [opted_out])
    begun_at = said.partitions[0][0].envelope.recorded_at + timedelta(seconds=seconds)
    attempt: Any = SimpleNamespace(
        message_id=OTHER, attempt_no=1, contact_point_id=ONE, begun_at=begun_at, purpose=purpose
    )
    assert check_opt_outs([attempt], said).holds is holds
