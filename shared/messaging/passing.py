"""Moves a position over records that mean nothing to a service by one statement, without a transaction around it."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import single_statements
from shared.messaging import metrics, positions
from shared.messaging.applying import Applier
from shared.messaging.kafka import Place, Record
from shared.messaging.markers import DayMarkers
from shared.messaging.sifting import Position, Sifted, sift


class Passing:
    """Remembers where its lane left each position, and moves it from there and from nowhere else.

    So what another worker did meanwhile stays: then nothing is moved, and the records go the way of all others.
    """

    def __init__(self, engine: AsyncEngine, applier: Applier, markers: DayMarkers | None) -> None:
        self._engine = single_statements(engine)
        self._applier = applier
        self._markers = markers
        self._left: dict[Place, Position] = {}

    def leave(self, place: Place, position: Position) -> None:
        """Remember what a transaction has stored."""
        self._left[place] = position

    def forget(self, place: Place) -> None:
        """Remember nothing of `place`: a transaction begins, and its end is not known."""
        self._left.pop(place, None)

    async def over(self, place: Place, records: Sequence[Record]) -> bool:
        """Pass over `records` if all of them mean nothing here; return whether that was done."""
        left = self._left.pop(place, None)
        if left is None:
            return False
        found = sift(left, records)
        wires = [each.envelope.wire for each in found.incoming] + [envelope.wire for _, envelope in found.repeated]
        if found.broken or found.unreadable or any(map(self._matters, wires)):
            return False
        async with self._engine.connect() as connection:
            if not await positions.move(connection, place, left, found.position):
                return False
        self._left[place] = found.position
        count_read(place, found)
        return True

    def _matters(self, wire: str) -> bool:
        return self._applier.concerns(wire) or (self._markers is not None and self._markers.is_marker(wire))


def count_read(place: Place, found: Sifted) -> None:
    """Count what was read once its position is stored."""
    metrics.consumed.labels(place[0]).inc(len(found.incoming))
    metrics.duplicates.labels(place[0]).inc(found.duplicates)
    metrics.quarantined.labels(place[0]).inc(len(found.unreadable))
