"""Answers for a sender: in which partitions this service has heard everything that Kafka has, as of now (N5)."""

from collections.abc import Awaitable, Callable, Collection

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging import positions
from shared.messaging.kafka import Place


class Gates:
    """Asks Kafka for the ends of topics and compares them with the stored positions."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        topic_of: Callable[[str], str],
        ends: Callable[[Collection[Place]], Awaitable[dict[Place, int]]],
    ) -> None:
        self._engine = engine
        self._topic_of = topic_of
        self._ends = ends

    async def applied_to_end(
        self, *, topics: Collection[str], partitions: Collection[int]
    ) -> dict[int, dict[str, int]]:
        """Return the partitions in which all of `topics` (by publisher) are applied to their ends and none is stopped.

        Each comes with the ends by publisher, to be stored with what is decided on them. Raises KafkaAway where Kafka
        does not answer: then nothing is known, and nothing may be sent.
        """
        places = [(self._topic_of(topic), number) for topic in topics for number in partitions]
        before = await self._standings(places)
        ends = await self._ends(places)
        standings = await self._standings(places)
        # Who stood beyond the end before it was asked for has read another topic: this one was made anew (faults 2.25).
        beyond = {number for (topic, number), end in ends.items() if _offset(before.get((topic, number))) > end}
        open_gates = {}
        for number in set(partitions) - beyond:
            wanted = {topic: ends[(self._topic_of(topic), number)] for topic in topics}
            if all(_reached(standings.get((self._topic_of(topic), number)), end) for topic, end in wanted.items()):
                open_gates[number] = wanted
        return open_gates

    async def _standings(self, places: Collection[Place]) -> dict[Place, positions.Standing]:
        async with self._engine.connect() as connection:
            return await positions.standings(connection, {topic for topic, _ in places})


def _offset(standing: positions.Standing | None) -> int:
    return 0 if standing is None else standing.next_offset


def _reached(standing: positions.Standing | None, end: int) -> bool:
    if standing is None:
        return end == 0
    return standing.stopped_reason is None and standing.next_offset >= end
