"""Rows are held to what the events about them last told, whoever tells it, up to where their service stands (7)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from checker.as_told import SaidRows, Says
from checker.copied_by_money import COPIED_BY_MONEY, DAYS
from checker.copied_by_work import COPIED_BY_WORK
from checker.histories import History
from checker.snapshot import Snapshot
from checker.telling import Telling, positions_in, set_aside_by, unread_rows
from checker.tests.conftest import OpenDatabase
from checker.tests.seeding import check, drop_guards, seed
from checker.tests.told import CUSTOMER, TOPIC, history
from checker.topics import SAYINGS
from shared.contracts import collections, ledger
from shared.contracts.event import Event
from shared.messaging.envelope import Envelope

INVOICE, INSTALMENT, PAYMENT, DISPUTE = (UUID(int=number) for number in range(11, 15))
DAY = date(2025, 1, 2)
OWED: Any = {"entity": "qinghe", "currency": "CNY"}
ISSUED = ledger.InvoiceIssued(
    **OWED,
    invoice_id=INVOICE,
    number="I-1",
    issue_date=DAY,
    total_minor=100,
    penalty_pct_per_day=Decimal("0.0500"),
    security_rank=0,
    instalments=[
        ledger.IssuedInstalment(instalment_id=INSTALMENT, ordinal=1, due_date=date(2025, 2, 1), amount_minor=100)
    ],
)
PAID = ledger.PaymentAllocated(
    **OWED,
    credit_id=PAYMENT,
    credit_kind="payment",
    unapplied_before_minor=40,
    unapplied_after_minor=0,
    changes=[
        ledger.InstalmentChange(
            instalment_id=INSTALMENT,
            invoice_id=INVOICE,
            invoice_number="I-1",
            ordinal=1,
            due_date=date(2025, 2, 1),
            open_before_minor=100,
            open_after_minor=60,
            rule="oldest",
            effective_date=DAY,
            episode=1,
        )
    ],
)
OPENED = collections.DisputeOpened(
    **OWED, dispute_id=DISPUTE, invoice_id=INVOICE, instalment_id=INSTALMENT, amount_minor=30, reason="damaged"
)
RESOLVED = collections.DisputeResolved(
    **OWED,
    dispute_id=DISPUTE,
    invoice_id=INVOICE,
    instalment_id=INSTALMENT,
    amount_minor=30,
    outcome="rejected",
    credited_minor=0,
    dunning_from=DAY,
)
_HERE = {"customer_id": CUSTOMER, "partition_no": 0, **OWED, "invoice_id": INVOICE, "instalment_id": INSTALMENT}
DEBT = {**_HERE, "ordinal": 1, "due_date": "2025-02-01", "amount_minor": 100, "open_minor": 60, "episode": 1}


def topic_of(service: str, *events: Event) -> History:
    """Return a topic that tells these events, each about what it is about."""
    told = history(service, list(events))
    about = {DISPUTE: (OPENED, RESOLVED), INVOICE: (ISSUED,), PAYMENT: (PAID,)}
    subjects = [str(next(subject for subject, said in about.items() if event in said)) for event in events]
    told.partitions[0] = [
        replace(each, envelope=replace(each.envelope, subject=subject))
        for each, subject in zip(told.partitions[0], subjects, strict=True)
    ]
    return told


def rows_of(service: str, table: str, publisher: str = "") -> SaidRows:
    """Return the declaration of a table."""
    return next(each for each in SAYINGS if (each.service, each.table, each.publisher) == (service, table, publisher))


def fields_of(says: Says) -> set[str]:
    """Return the fields that an event has, and those of the parts of its list."""
    names = set(says.event.model_fields)
    if says.each:
        (part,) = says.event.model_fields[says.each].annotation.__args__  # type: ignore[union-attr]
        names |= set(part.model_fields)
    return names


@pytest.mark.parametrize("rows", SAYINGS, ids=lambda each: f"{each.service}-{each.table}-{each.publisher}")
async def test_p11_each_column_of_each_declaration_is_there(open_database: OpenDatabase, rows: SaidRows) -> None:
    """P11: a column that no table has, or a field that no event has, would be compared with nothing."""
    async with open_database(rows.service) as connection:
        assert [each async for each in Snapshot(rows.service, connection).stream(rows.rows)] == []
    for says in rows.says:
        named = [each.partition("=")[2] or each for each in says.columns.split()] + says.key.split()
        parts = [part for each in (*named, *says.only, *says.needs.split()) for part in each.split("-")]
        plain = {each.partition(".")[0] for each in parts if each[0] not in "@:"}
        assert plain <= fields_of(says), says.event.wire
        envelope = {each[1:] for each in parts if each[0] == "@"} - {"partition_no", "body", "recorded_us"}
        assert envelope <= set(Envelope.__dataclass_fields__)


@pytest.mark.parametrize(
    ("column", "edited", "what"),
    [
        ("open_minor", 61, "open_minor 61, told 60"),
        ("due_date", "2025-02-02", "due_date 2025-02-02, told 2025-02-01"),
        ("episode", 2, "episode 2, told 1"),
        ("entity", "a b", "entity another text, told qinghe"),
        ("overdue_date", "2025-02-02", "overdue_date 2025-02-02, told none"),
        ("partition_no", 1, "partition_no 1, told 0"),
    ],
)
async def test_invariant_7_a_row_says_what_was_told_last(
    open_database: OpenDatabase, column: str, edited: Any, what: str
) -> None:
    """7: the last event counts, an edited column is named, and nothing that could be personal is repeated."""
    rows, told = rows_of("ledger", "instalment"), Telling(topic_of("ledger", ISSUED, PAID), [])
    assert await check(open_database, rows, DEBT, told) == ()
    edit = {**DEBT, column: edited}
    assert await check(open_database, rows, edit, told) == (f"ledger: instalment {INSTALMENT}: {what}",)


async def test_invariant_7_no_row_is_gone_or_from_nowhere(open_database: OpenDatabase) -> None:
    """7: what was told of is there, and what is there was told of."""
    rows, told = rows_of("collections", "receivable", "ledger"), Telling(topic_of("ledger", ISSUED, PAID), [])
    kept = {name: value for name, value in DEBT.items() if name != "amount_minor"}
    row = {**kept, "invoice_number": "I-1", "penalty_pct_per_day": "0.05", "issued": True}
    assert await check(open_database, rows, row, told) == ()
    gone = f"collections: receivable {INSTALMENT} is not there"
    assert await check(open_database, rows, None, told) == (gone,)
    nowhere = f"collections: receivable {PAYMENT}: is told of nowhere"
    assert set(await check(open_database, rows, {**row, "instalment_id": PAYMENT}, told)) == {gone, nowhere}


async def test_invariant_7_what_ended_is_no_row_any_more(open_database: OpenDatabase) -> None:
    """7: a dispute that is decided is open nowhere."""
    rows = rows_of("credit", "open_dispute", "collections")
    row = {**{name: _HERE[name] for name in ("customer_id", "partition_no", "instalment_id")}, "amount_minor": 30}
    kept = {**row, "dispute_id": DISPUTE}
    assert await check(open_database, rows, kept, Telling(topic_of("collections", OPENED), [])) == ()
    decided = Telling(topic_of("collections", OPENED, RESOLVED), [])
    assert await check(open_database, rows, None, decided) == ()
    assert len(await check(open_database, rows, kept, decided)) == 1


async def test_invariant_7_what_a_reader_has_not_heard_is_not_asked_of_it(open_database: OpenDatabase) -> None:
    """7: under load a reader is behind; its rows are held to what it has heard, wherever it is read from."""
    rows, topic = rows_of("credit", "instalment", "ledger"), topic_of("ledger", ISSUED, PAID)
    names = ("customer_id", "partition_no", "invoice_id", "instalment_id", "due_date", "currency", "amount_minor")
    kept = {name: DEBT[name] for name in names} | {"issue_date": DAY, "known_to": "infinity"}
    behind, level = ({0: (1, sequence)} for sequence in (1, 2))
    assert await check(open_database, rows, {**kept, "open_minor": 100}, Telling(topic, [], until=behind)) == ()
    assert await check(open_database, rows, {**kept, "open_minor": 60}, Telling(topic, [], until=level)) == ()
    assert await check(open_database, rows, {**kept, "open_minor": 100}, Telling(topic, [], until=level)) != ()
    paid = topic.partitions[0].pop()
    unread: Any = SimpleNamespace(partition_no=0, wire=PAID.wire, body=paid.body.decode(), **_envelope(paid.envelope))
    later = Telling(topic, [unread], until=level)
    assert await check(open_database, rows, {**kept, "open_minor": 60}, later) == ()


@pytest.mark.parametrize(("state", "wrong"), [("withdrawn", 0), ("sent", 0), ("planned", 1)])
async def test_invariant_7_what_is_taken_back_may_be_gone(open_database: OpenDatabase, state: str, wrong: int) -> None:
    """7, 12: what became of it is for notifications to say; only waiting it can not be. Chaos, seed 202."""
    told = history("collections", [collections.ReminderWithdrawn(reminder_id=INVOICE, reason="promised")])
    told.partitions[0] = [replace(each, envelope=replace(each.envelope, subject=str(INVOICE))) for each in told.all()]
    rows, row = rows_of("collections", "reminder"), {"reminder_id": INVOICE, "state": state}
    assert len(await check(open_database, rows, row, Telling(told, []))) == wrong


async def test_invariant_7_of_an_ended_epoch_the_time_of_recording_is_open(open_database: OpenDatabase) -> None:
    """7: what a restored service was told once more was recorded again; all else of it must be as it was told."""
    topic = topic_of("ledger", ISSUED, PAID)
    [issued, paid] = topic.partitions[0]
    topic.partitions[0] = [issued, replace(paid, envelope=replace(paid.envelope, epoch=2))]
    rows = rows_of("ledger", "movement")
    row = {**_HERE, "document_kind": "invoice", "document_id": INVOICE, "rule": "issue", "delta_minor": 100}
    again = {**row, "effective_date": DAY, "recorded_day": DAY, "recorded_at": "2025-01-09T00:00:00Z"}
    of_payment, twice_odd = 1, 3  # no row of the payment is there
    assert len(await check(open_database, rows, again, Telling(topic, []))) == of_payment
    assert len(await check(open_database, rows, {**again, "delta_minor": 99}, Telling(topic, []))) == twice_odd
    assert len(await check(open_database, rows, again, Telling(topic_of("ledger", ISSUED, PAID), []))) == twice_odd


async def test_invariant_7_of_whom_something_is_missing_nothing_is_asked(open_database: OpenDatabase) -> None:
    """7: a customer whose event the broker refused, or the reader set aside, is not held to the others."""
    rows, topic = rows_of("ledger", "payment"), topic_of("ledger", ISSUED, PAID)
    odd = {**_HERE, "payment_id": PAYMENT, "unapplied_minor": 9}
    odd = {name: value for name, value in odd.items() if name not in {"invoice_id", "instalment_id"}}
    assert len(await check(open_database, rows, odd, Telling(topic, []))) == 1
    assert await check(open_database, rows, odd, Telling(topic, [], set_aside=[CUSTOMER])) == ()


async def test_invariant_7_what_waits_in_the_outbox_is_told_already(open_database: OpenDatabase) -> None:
    """7: numbered or not, it lies there since the transaction of its rows; what the topic has is not read twice."""
    async with open_database("ledger") as connection:
        await drop_guards(connection)
        await seed(
            connection,
            [
                ("outbox", {"partition_no": 0, "epoch": 1, "sequence": 1, "wire": "old", "body": "{}"}),
                ("outbox", {"partition_no": 0, "epoch": 1, "sequence": 2, "wire": "new", "body": "{}"}),
                ("outbox", {"partition_no": 0, "epoch": None, "sequence": None, "wire": "newer", "body": "{}"}),
                ("outbox", {"partition_no": 1, "epoch": 1, "sequence": 1, "wire": "other", "body": "{}"}),
                ("customer", {"customer_id": CUSTOMER, "partition_no": 0, "parked_at": "now"}),
                ("stream_position", {"topic": TOPIC, "partition_no": 0, "epoch": 1, "sequence": 7}),
                ("stream_position", {"topic": "another", "partition_no": 0, "epoch": 1, "sequence": 8}),
            ],
        )
        snapshot = Snapshot("ledger", connection)
        found = await unread_rows(snapshot, topic_of("ledger", ISSUED))
        assert [row.wire for row in found] == ["new", "newer", "other"]
        assert [row.wire for row in await unread_rows(snapshot, History("ledger"))] == ["old", "new", "newer", "other"]
        assert await positions_in(snapshot, TOPIC) == {0: (1, 7)}
        assert await set_aside_by(snapshot) == {CUSTOMER}
        await connection.execute(text("UPDATE customer SET parked_at = NULL"))
        assert await set_aside_by(snapshot) == set()


def test_invariant_7_only_copies_are_held_to_another_service() -> None:
    """7: who tells of a copy is named; what is its own, a service tells itself."""
    copies = (*COPIED_BY_MONEY, *COPIED_BY_WORK)
    assert all(each.publisher not in {"", each.service} for each in copies)
    assert all(not each.publisher for each in SAYINGS if each not in (*copies, *DAYS))


def _envelope(envelope: Envelope) -> dict[str, Any]:
    return {
        name: getattr(envelope, name)
        for name in Envelope.__dataclass_fields__
        if name not in {"wire", "source", "withheld_bytes", "previous_id"}
    }
