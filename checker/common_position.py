"""Compares services partition by partition as each pair comes to stand at the same number, and tells who never did."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from checker.agreement import Agreement
from checker.findings import Check, Finding
from checker.snapshot import Snapshot, take_snapshots

_LOOK_AGAIN_SECONDS = 0.2

HEARD = Check(
    name="everything-heard",
    invariant="10",
    sentence="Every reader has applied its topics to the last number that their publishers gave out.",
)


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A partition of a publisher's topic as one reader hears it."""

    publisher: str
    reader: str
    partition_no: int


@dataclass(slots=True)
class _Progress:
    compared: int = 0
    differences: list[str] = field(default_factory=list)


async def compare_services(
    urls: Mapping[str, str], agreements: Sequence[Agreement], *, topic_prefix: str, patience_seconds: float
) -> list[Finding]:
    """Return one finding per agreement, and whether everything was heard within `patience_seconds`."""
    progress: defaultdict[str, _Progress] = defaultdict(_Progress)
    compared: set[Pair] = set()
    give_up_at = time.monotonic() + patience_seconds
    while True:
        async with take_snapshots(urls) as snapshots:
            behind = await _behind(snapshots, topic_prefix)
            level = {pair for pair, gap in behind.items() if gap is None} - compared
            for agreement in agreements:
                await _compare(agreement, snapshots, level, progress[agreement.name])
        compared |= level
        waiting = {pair: gap for pair, gap in behind.items() if pair not in compared}
        if not waiting or time.monotonic() > give_up_at:
            break
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    found = [
        each.found(compared=progress[each.name].compared, differences=progress[each.name].differences)
        for each in agreements
    ]
    return [HEARD.found(compared=len(behind), differences=_told(waiting)), *found]


async def _behind(snapshots: Mapping[str, Snapshot], topic_prefix: str) -> dict[Pair, str | None]:
    """Return for each pair None if both stand at the same number, else where they stand."""
    heads = {service: await snapshot.heads() for service, snapshot in snapshots.items()}
    gaps: dict[Pair, str | None] = {}
    for reader, snapshot in snapshots.items():
        positions = await snapshot.positions()
        for publisher in {topic.removeprefix(topic_prefix) for topic, _ in positions} & heads.keys():
            for partition_no, head in heads[publisher].items():
                at = positions.get((topic_prefix + publisher, partition_no), 0)
                gaps[Pair(publisher, reader, partition_no)] = None if at == head else f"at {at} of {head or 'more'}"
    return gaps


async def _compare(
    agreement: Agreement, snapshots: Mapping[str, Snapshot], level: Iterable[Pair], progress: _Progress
) -> None:
    mine = {
        pair.partition_no for pair in level if (pair.publisher, pair.reader) == (agreement.publisher, agreement.reader)
    }
    if mine:
        compared, differences = await agreement.compare(
            snapshots[agreement.publisher], snapshots[agreement.reader], mine
        )
        progress.compared += compared
        progress.differences += differences


def _told(waiting: Mapping[Pair, str | None]) -> list[str]:
    return [f"{pair.reader} in {pair.publisher}/{pair.partition_no} {gap}" for pair, gap in sorted(waiting.items())]
