"""Whatever bytes stand in a topic: kept as they came where they are no event, and the stream goes on around them."""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.ledger import InvoiceSettled
from shared.database import open_engine
from shared.ids import customer_id_of
from shared.messaging.applying import Applier
from shared.messaging.kafka import Record
from shared.messaging.partition import Lane
from shared.messaging.sifting import Position, sift
from shared.messaging.tests.test_sifting import record
from shared.messaging.tests.toy import PARTITIONS, TODAY, ToySubscription, customers_in, make_schema, rows_of
from tests.databases import FreshDatabase

PLACE = ("t", 0)
_RECORDS, _BYTES = 100, 40
_ENVELOPE = dict(record(1).headers)
_BODY = InvoiceSettled(invoice_id=UUID(int=1), entity="main", number="S-1", settled_date=TODAY).model_dump_json()

bulk = st.binary(min_size=_RECORDS * _BYTES, max_size=_RECORDS * _BYTES)
"""The bytes of a hundred records."""


def no_events(bulk: bytes, *, offset: int) -> list[Record]:
    """Return a hundred records from these bytes: nothing, noise, and envelopes with one attribute spoiled."""
    pieces = [bulk[at : at + _BYTES] for at in range(0, len(bulk), _BYTES)]
    return [Record("t", 0, offset + number, _headers(piece), _body(piece)) for number, piece in enumerate(pieces)]


def _headers(piece: bytes) -> list[tuple[str, bytes]]:
    """Return headers of which at least one that must be there is missing, or is no UTF-8."""
    kind, rest = piece[0] % 4, piece[4:]
    if kind == 0:
        return []
    names = sorted(_ENVELOPE)
    name = names[piece[1] % len(names)]
    if kind == 1:
        return [(name, rest), (rest.decode("latin-1"), rest), ("", b"")]
    without = {each: value for each, value in _ENVELOPE.items() if each != "ce_sequence"}
    return [*without.items(), (name if kind == 2 else "ce_sequence", b"\xff" + rest)]


def _body(piece: bytes) -> bytes | None:
    return None if piece[2] % 4 == 0 else piece[4:] * (piece[2] % 4 - 1)


def event(sequence: int, *, offset: int, customer: str, spoiled: Mapping[str, bytes] | None = None) -> Record:
    """Return an event that is next in its stream, with these attributes of its envelope replaced."""
    sound = record(sequence, offset=offset)
    headers = dict(sound.headers) | {
        "ce_type": InvoiceSettled.wire.encode(),
        "ce_customerid": str(customer_id_of(customer)).encode(),
    }
    headers |= {f"ce_{name}": value for name, value in (spoiled or {}).items()}
    return Record("t", 0, offset, list(headers.items()), _BODY.encode())


@settings(max_examples=100, database=None)
@given(bulk=bulk)
def test_row_18_ten_thousand_records_of_noise_are_no_events(bulk: bytes) -> None:
    """Faults 2.18: byte-level; every one is told apart, with a reason, and none moves the sequence."""
    noise = no_events(bulk, offset=1)
    found = sift(Position(), [record(1), *noise, record(2, offset=_RECORDS + 1)])
    assert [each.envelope.sequence for each in found.incoming] == [1, 2]
    assert [each for each, reason in found.unreadable if reason] == noise
    assert found.broken is None


@pytest.fixture
async def engine(fresh_database: FreshDatabase) -> AsyncIterator[AsyncEngine]:
    """A consumer's database."""
    made = open_engine(await fresh_database(), connections=2, application="hostile")
    await make_schema(made)
    yield made
    await made.dispose()


def lane_on(engine: AsyncEngine) -> Lane:
    """Return what applies a partition of one topic, without Kafka."""
    applier = Applier(ToySubscription(), PARTITIONS)
    return Lane(engine=engine, applier=applier, markers=None, on_begin=None, published=lambda: None)


async def take_all(lane: Lane, records: Sequence[Record]) -> None:
    """Apply all, as a consumer would."""
    while records:
        records = records[await lane.take(PLACE, records) :]


async def _noise_is_kept(engine: AsyncEngine, bulk: bytes) -> None:
    """Let a hundred records of noise come between two events of a customer, behind all that came before."""
    [(sequence, offset)] = await rows_of(
        engine, "SELECT coalesce(max(sequence), 0), coalesce(max(next_offset), 0) FROM stream_position"
    )
    [customer] = customers_in(0, 1)
    noise = no_events(bulk, offset=offset + 1)
    first = event(sequence + 1, offset=offset, customer=customer)
    second = event(sequence + 2, offset=offset + _RECORDS + 1, customer=customer)
    await take_all(lane_on(engine), [first, *noise, second])
    kept = await rows_of(
        engine,
        f"SELECT record_offset, body, headers FROM quarantine WHERE record_offset > {offset} ORDER BY record_offset",
    )
    assert [(at, body) for at, body, _ in kept] == [(each.offset, each.body) for each in noise]
    assert [_unescaped(headers) for _, _, headers in kept] == [list(each.headers) for each in noise]
    assert await rows_of(engine, "SELECT count(*) FROM effect") == [(sequence + 2,)]


def _unescaped(headers: Sequence[Sequence[str]]) -> list[tuple[str, bytes]]:
    """Return the headers that the quarantine shows as text: a backslash doubled, and NUL as a backslash and a zero."""
    return [(_as_it_came(name), _as_it_came(value).encode("latin-1")) for name, value in headers]


def _as_it_came(shown: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\0" if found[1] == "0" else found[1], shown)


@settings(max_examples=10, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(bulk=bulk)
async def test_row_18_noise_is_kept_byte_for_byte_and_the_rest_flows(engine: AsyncEngine, bulk: bytes) -> None:
    """Faults 2.18: in quarantine with its bytes, headers and offset; nothing is tried again and nothing stops."""
    await _noise_is_kept(engine, bulk)


@pytest.mark.minutes
@settings(max_examples=100, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(bulk=bulk)
async def test_row_18_ten_thousand_records_are_kept_byte_for_byte(engine: AsyncEngine, bulk: bytes) -> None:
    """Faults 2.18: the same, a hundred times over in one stream."""
    await _noise_is_kept(engine, bulk)


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param({"subject": b"in\x00voice"}, id="NUL-in-subject"),
        pytest.param({"actor": b"\x00"}, id="NUL-in-actor"),
        pytest.param({"type": b"ledger.invoice\x00"}, id="NUL-in-type"),
        pytest.param({"epoch": b"%d" % (2**31 - 1)}, id="epoch-beyond-its-column"),
        pytest.param({"epoch": b"2", "sequence": b"%d" % 2**63}, id="sequence-beyond-its-column"),
        pytest.param({"time": b"0001-01-01T00:00:00+14:00"}, id="instant-before-all-time"),
        pytest.param({"time": b"9999-12-31T23:59:59-14:00"}, id="instant-after-all-time"),
        pytest.param({"subject": b"\xff", "actor": b"\\u0000"}, id="text-that-looks-escaped"),
    ],
)
async def test_row_18_an_envelope_that_no_table_can_hold_is_quarantined(
    engine: AsyncEngine, spoiled: dict[str, bytes]
) -> None:
    """Faults 2.18: it is no event, so its partition goes on and its bytes are kept, as of any other noise."""
    [customer] = customers_in(0, 1)
    bad = event(2, offset=1, customer=customer, spoiled=spoiled)
    await take_all(lane_on(engine), [event(1, offset=0, customer=customer), bad])
    await take_all(lane_on(engine), [event(2, offset=2, customer=customer)])
    assert await rows_of(engine, "SELECT count(*) FROM effect") == [(2,)]
    [(offset, headers)] = await rows_of(engine, "SELECT record_offset, headers FROM quarantine")
    assert offset == 1
    assert _unescaped(headers) == list(bad.headers)
    assert await rows_of(engine, "SELECT count(*) FROM customer WHERE parked_at IS NOT NULL") == [(0,)]


@settings(max_examples=20, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(
    body=st.one_of(st.none(), st.binary(max_size=60), st.text(max_size=30).map(lambda each: json.dumps(each).encode()))
)
async def test_row_18_a_body_that_is_none_parks_its_customer_only(engine: AsyncEngine, body: bytes | None) -> None:
    """Faults 2.18: wrong schema, bad UTF-8, empty, tombstone: whose event it is, is known, and his queue keeps it."""
    [(sequence, offset)] = await rows_of(
        engine, "SELECT coalesce(max(sequence), 0), coalesce(max(next_offset), 0) FROM stream_position"
    )
    sick, well = f"K-{sequence}", customers_in(0, 1)[0]
    bad = event(sequence + 1, offset=offset, customer=sick)
    spoiled = Record("t", 0, offset, bad.headers, body)
    await take_all(lane_on(engine), [spoiled, event(sequence + 2, offset=offset + 1, customer=well)])
    parked = f"SELECT count(*) FROM parked_item WHERE customer_id = '{customer_id_of(sick)}' AND cause IS NOT NULL"
    assert await rows_of(engine, parked) == [(1,)]
    assert await rows_of(engine, f"SELECT count(*) FROM effect WHERE customer_id = '{customer_id_of(well)}'") == [
        (sequence // 2 + 1,)
    ]
