"""Finds offsets at a partition's end that hold no record: a stranger ended a transaction there, or cannot be read.

Nobody would ever reach an end that no record reaches: no gate would open again, and no relay could compare its topic.
"""

from collections.abc import Mapping

from shared.messaging.records import Place, Record


class Gaps:
    """How far records came, by partition, since the last rebalance: a position beyond that is a gap."""

    def __init__(self) -> None:
        self._holding: object = None
        self._came_to: dict[Place, int] = {}

    def begin(self, *, holding: object) -> None:
        """Forget all where `holding` is another: then positions are what the broker remembers, not what was read."""
        if holding is not self._holding:
            self._holding, self._came_to = holding, {}

    def sought(self, place: Place, offset: int, *, holding: object) -> None:
        """Note that `place` is read from `offset` next."""
        self.begin(holding=holding)
        self._came_to[place] = offset

    def filled(
        self, arrived: dict[Place, list[Record]], positions: Mapping[Place, int], *, holding: object
    ) -> dict[Place, list[Record]]:
        """Return what has arrived, and a record without anything for the last offset of each gap behind it."""
        if holding is not self._holding:
            return arrived
        self._came_to.update({place: records[-1].offset + 1 for place, records in arrived.items() if records})
        for place, position in positions.items():
            if position > self._came_to.get(place, position):
                arrived.setdefault(place, []).append(Record(*place, position - 1, (), None))
                self._came_to[place] = position
        return arrived
