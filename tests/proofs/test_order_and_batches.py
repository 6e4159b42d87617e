"""However the same records are cut into batches, and whoever applies them: equal rows and an equal outbox."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.clock import FixedClock
from shared.messaging.kafka import Record
from tests.databases import RunDatabases
from tests.faults.house import PARTITIONS
from tests.proofs.canonical import differences
from tests.proofs.recording import Recording
from tests.proofs.site import EVERYWHERE, SERVICES, Site, Step, Topics, open_site
from tests.proofs.town import send

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(600), pytest.mark.slow]

_LATER = "UPDATE receivable SET due_date = due_date + 1 WHERE invoice_number = 'I-000001'"

CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=12)
"""Lengths of batches, taken in turn."""

WORKERS = st.lists(st.integers(0, 1), min_size=PARTITIONS, max_size=PARTITIONS)
"""Which of two workers has each partition."""

MORNING = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize("service", SERVICES)
async def test_what_was_recorded_is_worth_comparing(recording: Recording, service: str) -> None:
    """Rule 5 of the architecture would hold of nothing, too."""
    heard = [step for step in recording.scripts[service] if step.record]
    assert len(heard) > 100
    assert len(recording.after[service]["outbox"]) > 100
    assert recording.after[service]["parked_item"] == recording.after[service]["quarantine"] == []


@pytest.mark.parametrize("service", SERVICES)
@settings(max_examples=3, deadline=None, database=None, phases=[Phase.generate])  # found as it is, since trying is slow
@given(cuts=CUTS, workers=WORKERS)
async def test_the_cut_shows_nowhere(
    recording: Recording, databases: RunDatabases, folder: Path, service: str, cuts: list[int], workers: list[int]
) -> None:
    """Architecture, load, fold, save: one by one, or in any batches by one worker or two."""
    name = await databases.duplicate(recording.before[service])
    topics: Topics = {}
    sites = [
        open_site(service, databases.url(name), folder, topics=topics, clock=FixedClock(MORNING)) for _ in range(2)
    ]
    lengths = [itertools.cycle(cuts) for _ in workers]
    try:
        for several in rounds(recording.scripts[service]):
            lots = zip(workers, several, lengths, strict=True)
            await asyncio.gather(*(apply(sites[worker], steps, length) for worker, steps, length in lots))
            if service == "notifications":
                await end_where_read(sites[0], topics)
                await send(sites[0], [])
        assert not differences(recording.after[service], await sites[0].dump())
    finally:
        for site in sites:
            await site.close()
        await databases.drop(name)


async def test_a_row_that_differs_is_seen(recording: Recording, databases: RunDatabases, folder: Path) -> None:
    """The proof itself: one day more in one row of a copy, and one event that changes places, are told."""
    name = await databases.duplicate(recording.before["collections"])
    site = open_site("collections", databases.url(name), folder, topics={}, clock=FixedClock(MORNING))
    before = await site.dump()
    async with site.context.begin() as connection:
        await connection.execute(text(_LATER))
    told = differences(before, await site.dump())
    await site.close()
    await databases.drop(name)
    assert [line for line in told if not line.startswith(" ")] == ["receivable: 6 and 6 rows"]
    turned = {**before, "outbox": before["outbox"][::-1]}
    assert differences(before, turned) == [f"outbox: {len(before['outbox'])} and {len(before['outbox'])} rows"]


async def end_where_read(site: Site, topics: Topics) -> None:
    """Let the topics be as long as they are read: what comes later is not there yet when the sender asks."""
    async with site.context.reading.connect() as connection:
        rows = await connection.execute(text("SELECT topic, partition_no, next_offset FROM stream_position"))
        nothing = Record("", 0, -1, [], None)
        topics.update({(row.topic, row.partition_no): [nothing] * row.next_offset for row in rows})


def rounds(script: Sequence[Step]) -> Iterator[list[list[Step]]]:
    """Part what was done at each sending, at which all partitions stood still; then by partition."""
    for sends, together in itertools.groupby(script, key=lambda step: step.partition_no == EVERYWHERE):
        if not sends:
            steps = list(together)
            yield [[step for step in steps if step.partition_no == number] for number in range(PARTITIONS)]


async def apply(site: Site, steps: Sequence[Step], lengths: Iterator[int]) -> None:
    """Do the same in this order; what came from one topic in a row comes in batches of these lengths."""
    for topic, in_a_row in itertools.groupby(steps, key=lambda step: step.record and step.record.topic):
        records = [step.record for step in in_a_row if step.record]
        if topic is None:
            await site.work_day(steps[0].partition_no)
        while records:
            length = next(lengths)
            await _take(site, records[:length])
            records = records[length:]


async def _take(site: Site, records: Sequence[Record]) -> None:
    while records:
        taken = await site.lane.take((records[0].topic, records[0].partition_no), records)
        records = records[taken:]
