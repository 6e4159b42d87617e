"""Notes the days that markers tell of; the work of a day is done later in chunks, each a transaction of its own."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging import parking_store, positions
from shared.messaging.applying import parse
from shared.messaging.customers import lock_customers
from shared.messaging.kafka import Place
from shared.messaging.markers import DayMarkers
from shared.messaging.parking_store import ToPark
from shared.messaging.sifting import Incoming, break_off


class DayUnfinished(RuntimeError):
    """The next day was announced while the one before is not worked to its end in this partition."""


async def note_day(
    connection: AsyncConnection, place: Place, incoming: Incoming, *, markers: DayMarkers, partitions: int
) -> None:
    """Note the day of a marker; the day itself queues behind what the customers who are parked wait with."""
    envelope = incoming.envelope
    if envelope.wire not in markers.models:
        break_off(place, f"{envelope.wire} is a version not known here yet, and nobody can queue behind a day")
    body: Any = parse(markers.models[envelope.wire], incoming.record.body)
    if envelope.wire == markers.seen:
        await positions.see_day(connection, place[1], body.day)
    if envelope.wire == markers.begins_work:
        if (await positions.read_day(connection, place[1], lock_it=True)).pending:
            msg = f"{body.day} was announced in partition {place[1]} before the day ahead of it has ended"
            raise DayUnfinished(msg)
        await positions.begin_work(connection, place[1], body.day, envelope)
        # Whoever is being released is waited for, and then does this day's work with all others.
        found = await parking_store.parked_in(connection, place[1])
        locked = await lock_customers(connection, found, partitions=partitions)
        waiting = [each.customer_id for each in locked.values() if each.parked_at is not None]
        await parking_store.park(connection, [ToPark(each, place[0], envelope, day=body.day) for each in waiting])
