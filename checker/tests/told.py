"""Events as a topic has them, made in a few words for the tests of what is read from Kafka."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid5

from checker.histories import History, Told
from shared.contracts.event import Event
from shared.messaging.envelope import Envelope, to_headers
from shared.messaging.kafka import Record

CUSTOMER = UUID(int=1)
TOPIC = "dueflow.ledger"
_EVENTS = UUID(int=99)


def envelope(number: int, *, wire: str = "ledger.payment-received.v1", day: date = date(2025, 1, 2)) -> Envelope:
    """Return the envelope of the `number`-th event of a partition."""
    return Envelope(
        event_id=uuid5(_EVENTS, str(number)),
        wire=wire,
        source="ledger",
        subject="x",
        recorded_at=datetime(2025, 1, 2, tzinfo=UTC),
        business_date=day,
        effective_date=day,
        customer_id=CUSTOMER,
        correlation_id="c",
        causation_id=UUID(int=5),
        actor="erp",
        traceparent="00-0-0-00",
        epoch=1,
        sequence=number,
        previous_id=uuid5(_EVENTS, str(number - 1)) if number > 1 else None,
    )


def record(number: int, *, offset: int, body: bytes = b"{}") -> Record:
    """Return a record of Kafka's."""
    return Record(TOPIC, 0, offset, to_headers(envelope(number)), body, str(CUSTOMER).encode())


def history(service: str, events: list[Event], *, days: list[date] | None = None) -> History:
    """Return a topic of one partition that tells these events, one offset each."""
    when = days or [date(2025, 1, 2)] * len(events)
    told = [
        told_at(envelope(number, wire=event.wire, day=day), event.model_dump_json().encode())
        for number, (event, day) in enumerate(zip(events, when, strict=True), 1)
    ]
    return History(service, {0: told})


def told_at(said: Envelope, body: bytes = b"{}") -> Told:
    """Return an event that lies at the offset before its number."""
    return Told(said, said.sequence - 1, body, "hash", str(CUSTOMER).encode())
