"""Lets an answer wait for its question: after a restore a topic is heard before what another brings again."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging import positions
from shared.messaging.kafka import Place


class Awaiting:
    """Whether the other topics of a partition are applied to where they ended when an event was found to be early.

    To those ends and no further: an event that answers nothing must not wait for as long as anything flows.
    """

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        topics: Sequence[str],
        ends: Callable[[Collection[Place]], Awaitable[dict[Place, int]]],
    ) -> None:
        self._engine = engine
        self._topics = topics
        self._ends = ends
        self._awaited: dict[Place, dict[Place, int]] = {}

    async def others_come(self, place: Place) -> bool:
        """Return whether what `place` has next may still find what it answers; stopped partitions bring nothing."""
        if place not in self._awaited:
            others = [(topic, place[1]) for topic in self._topics if topic != place[0]]
            self._awaited[place] = await self._ends(others)
        async with self._engine.connect() as connection:
            found = await positions.standings(connection, self._topics)
        nothing = positions.Standing(0, None)
        standings = {each: found.get(each, nothing) for each in self._awaited[place]}
        return any(
            standings[each].next_offset < end and standings[each].stopped_reason is None
            for each, end in self._awaited[place].items()
        )

    def found(self, place: Place) -> None:
        """Forget what was awaited: `place` has gone on."""
        self._awaited.pop(place, None)
