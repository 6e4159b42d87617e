"""Compares services partition by partition as each pair comes to stand at the same number, and tells who never did."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from checker.agreement import Agreement
from checker.findings import Check, Finding
from checker.snapshot import Head, Number, Snapshot, take_snapshots

_LOOK_AGAIN_SECONDS = 0.2

HEARD = Check(
    name="everything-heard",
    invariant="10",
    sentence="Every reader comes to the last number that its publishers had given out when the check began.",
)


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A partition of a publisher's topic as one reader hears it."""

    publisher: str
    reader: str
    partition_no: int


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a reader is in a partition, and where its publisher."""

    at: Number
    head: Head

    @property
    def level(self) -> bool:
        """Return whether both stand at the same number."""
        return not self.head.more and (self.head.number[1] == 0 or self.at == self.head.number)


@dataclass(slots=True)
class _Progress:
    compared: int = 0
    differences: list[str] = field(default_factory=list)


async def compare_services(
    urls: Mapping[str, str], agreements: Sequence[Agreement], *, topic_prefix: str, patience_seconds: float
) -> list[Finding]:
    """Return one finding per agreement, and whether all that had been said at first was heard in `patience_seconds`.

    A partition in which events never cease may not come to be compared; it is not counted, and nothing is amiss.
    """
    progress: defaultdict[str, _Progress] = defaultdict(_Progress)
    compared: set[Pair] = set()
    said: dict[Pair, Number] = {}
    give_up_at = time.monotonic() + patience_seconds
    while True:
        async with take_snapshots(urls) as snapshots:
            standings = await _standings(snapshots, topic_prefix)
            level = {pair for pair, standing in standings.items() if standing.level} - compared
            for agreement in agreements:
                await _compare(agreement, snapshots, level, progress[agreement.name])
        said = said or {pair: standing.head.number for pair, standing in standings.items()}
        compared |= level
        if compared >= standings.keys() or time.monotonic() > give_up_at:
            break
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    found = [
        each.found(compared=progress[each.name].compared, differences=progress[each.name].differences)
        for each in agreements
    ]
    behind = [
        f"{pair.reader} in {pair.publisher}/{pair.partition_no} at {standings[pair].at[1]} of {number[1]}"
        for pair, number in sorted(said.items())
        if pair not in compared and standings[pair].at < number
    ]
    return [HEARD.found(compared=len(compared), differences=behind), *found]


async def _standings(snapshots: Mapping[str, Snapshot], topic_prefix: str) -> dict[Pair, _Standing]:
    heads = {service: await snapshot.heads() for service, snapshot in snapshots.items()}
    found: dict[Pair, _Standing] = {}
    for reader, snapshot in snapshots.items():
        positions = await snapshot.positions()
        for publisher in {topic.removeprefix(topic_prefix) for topic, _ in positions} & heads.keys():
            for partition_no, head in heads[publisher].items():
                at = positions.get((topic_prefix + publisher, partition_no), (0, 0))
                found[Pair(publisher, reader, partition_no)] = _Standing(at, head)
    return found


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
