"""Applies a run of events of one partition inside one transaction: parked customers are set aside, others served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.event import Event
from shared.messaging import parking_store, positions
from shared.messaging.customers import LockedCustomer, lock_customers
from shared.messaging.envelope import Envelope
from shared.messaging.kafka import Place
from shared.messaging.parking_store import ToPark
from shared.messaging.positions import DaySeen
from shared.messaging.sifting import Incoming, StreamBroken
from shared.messaging.subscription import Day, Received, Refused, Subscription
from shared.observe import trace


class BadMarker(StreamBroken):
    """An event that belongs to no customer cannot be read; the partition stops, because nothing can queue behind it."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """An event that concerns this service, or the cause why it must be parked."""

    incoming: Incoming
    event: Event | None
    cause: str | None

    @property
    def customer_id(self) -> UUID | None:
        return self.incoming.envelope.customer_id


@dataclass(frozen=True, slots=True)
class Applier:
    """What it takes to apply events: who accepts them, and how customers map to partitions."""

    subscription: Subscription
    partitions: int

    def concerns(self, wire: str) -> bool:
        """Return whether this service has any use for events of this type, or should have."""
        return wire in self.subscription.accepts or self._is_other_version(wire)

    async def apply(self, connection: AsyncConnection, place: Place, run: Sequence[Incoming]) -> None:
        """Apply `run` (in order, all of `place`); the caller moves the position and commits."""
        readings = [reading for reading in map(self._read, run) if reading is not None]
        if not readings:
            return
        ids = {each.customer_id for each in readings if each.customer_id is not None}
        seen = await positions.share_day(connection, place[1])
        customers = await lock_customers(connection, ids, partitions=self.partitions)
        serve, aside = _part(readings, customers)
        await _set_aside(connection, place, aside, customers, seen)
        if serve:
            served = {each.envelope.customer_id for each in serve}
            await self._serve(
                connection, place[1], serve, {key: value for key, value in customers.items() if key in served}, seen
            )

    async def park(self, connection: AsyncConnection, place: Place, incoming: Incoming, cause: str) -> None:
        """Set the event's customer aside because of it."""
        reading = _Reading(incoming, None, cause)
        item = _to_park(place[0], reading)
        seen = await positions.share_day(connection, place[1])
        customers = await lock_customers(connection, [item.customer_id], partitions=self.partitions)
        await _set_aside(connection, place, [reading], customers, seen)

    def _read(self, incoming: Incoming) -> _Reading | None:
        """Return how the event reads, or None where this service has no use for it."""
        wire = incoming.envelope.wire
        model = self.subscription.accepts.get(wire)
        if model is None:
            unknown = f"{wire} is a version that this service does not know yet"
            return _Reading(incoming, None, unknown) if self._is_other_version(wire) else None
        try:
            refuse_withheld(incoming.envelope)
            return _Reading(incoming, parse(model, incoming.record.body), None)
        except Refused as error:
            return _Reading(incoming, None, str(error))

    def _is_other_version(self, wire: str) -> bool:
        name = wire.rpartition(".v")[0]
        return any(name == each.rpartition(".v")[0] for each in self.subscription.accepts)

    async def _serve(
        self,
        connection: AsyncConnection,
        partition_no: int,
        serve: Sequence[Received],
        customers: Mapping[UUID, LockedCustomer],
        seen: DaySeen,
    ) -> None:
        due = due_of(customers, seen)
        if due:
            await work(connection, self.subscription, seen, partition_no, due)
        first = serve[0].envelope
        with trace.use(first.traceparent, first.correlation_id):
            await self.subscription.apply(connection, serve, today=seen.day or first.business_date)


def refuse_withheld(envelope: Envelope) -> None:
    """Raise Refused where the broker did not take the event's body, so that there is nothing to apply."""
    if envelope.withheld_bytes is not None:
        msg = f"{envelope.wire} was withheld: its {envelope.withheld_bytes} bytes are more than the broker takes"
        raise Refused(msg)


def parse(model: type[Event], body: bytes | str | None) -> Event:
    """Return the event in `body`; raise Refused with a reason that repeats nothing of the body."""
    if body is None:
        msg = "the event has no body"
        raise Refused(msg)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in error.errors(include_input=False)[:5]
        )
        msg = f"the body does not fit {model.wire}: {wrong}"
        raise Refused(msg) from error


async def work(
    connection: AsyncConnection, subscription: Subscription, seen: DaySeen, partition_no: int, due: Sequence[UUID]
) -> None:
    """Do the pending day's work for `due`, whose rows are locked."""
    if seen.work_day is None or seen.marker is None:
        msg = "no day has come in this partition"
        raise RuntimeError(msg)
    with trace.use(seen.marker.traceparent, seen.marker.correlation_id):
        await subscription.work_day(connection, due, day=Day(seen.work_day, seen.marker, partition_no))


def due_of(customers: Mapping[UUID, LockedCustomer], seen: DaySeen) -> list[UUID]:
    """Return those of the locked customers whose work of the pending day is still to be done."""
    if not seen.pending or seen.work_day is None:
        return []
    return sorted(
        key
        for key, each in customers.items()
        if each.parked_at is None and each.next_date is not None and each.next_date <= seen.work_day
    )


def _part(
    readings: Sequence[_Reading], customers: Mapping[UUID, LockedCustomer]
) -> tuple[list[Received], list[_Reading]]:
    """Part what can be applied from what must queue: a bad event, and everything after it of the same customer."""
    parked = {each.customer_id for each in customers.values() if each.parked_at is not None}
    serve: list[Received] = []
    aside: list[_Reading] = []
    for reading in readings:
        if reading.event is not None and reading.customer_id not in parked:
            serve.append(Received(reading.event, reading.incoming.envelope))
            continue
        aside.append(reading)
        if reading.customer_id is not None:
            parked.add(reading.customer_id)
    return serve, aside


async def _set_aside(
    connection: AsyncConnection,
    place: Place,
    aside: Sequence[_Reading],
    customers: Mapping[UUID, LockedCustomer],
    seen: DaySeen,
) -> None:
    """Queue `aside`; where the day's work of such a customer is still to be done, the day queues before his events."""
    ours = {each.customer_id for each in aside}
    days = [
        ToPark(each, place[0], seen.marker, day=seen.work_day)
        for each in due_of({key: value for key, value in customers.items() if key in ours}, seen)
        if seen.marker is not None
    ]
    await parking_store.park(connection, [*days, *(_to_park(place[0], each) for each in aside)])


def _to_park(topic: str, reading: _Reading) -> ToPark:
    if reading.customer_id is None:
        msg = f"{reading.incoming.envelope.wire} {reading.incoming.envelope.event_id}: {reading.cause}"
        raise BadMarker(msg)
    body = parking_store.text_of(reading.incoming.record.body)
    return ToPark(reading.customer_id, topic, reading.incoming.envelope, body=body, cause=reading.cause)
