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
        ends = await self._ends(places)
        async with self._engine.connect() as connection:
            standings = await positions.standings(connection, {topic for topic, _ in places})
        open_gates = {}
        for number in partitions:
            wanted = {topic: ends[(self._topic_of(topic), number)] for topic in topics}
            if all(_reached(standings.get((self._topic_of(topic), number)), end) for topic, end in wanted.items()):
                open_gates[number] = wanted
        return open_gates


def _reached(standing: positions.Standing | None, end: int) -> bool:
    if standing is None:
        return end == 0
    return standing.stopped_reason is None and standing.next_offset >= end
