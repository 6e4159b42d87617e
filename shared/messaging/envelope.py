"""The CloudEvents attributes that travel beside each event as Kafka headers (binary mode)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from uuid import UUID

CONTENT_TYPE = "application/json"
_PREFIX = "ce_"


class BadEnvelope(ValueError):
    """The record's headers are not a valid envelope, so its place in the stream is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who says what about whom, why, and where it stands in its stream.

    `customer_id` is None on markers and facts about the house itself; `previous_id` is None on the first of a stream.
    `withheld_bytes` is the size of a body that the broker refused: then the record has its place and no body.
    """

    event_id: UUID
    wire: str
    source: str
    subject: str
    recorded_at: datetime
    business_date: date
    effective_date: date
    customer_id: UUID | None
    correlation_id: str
    causation_id: UUID
    actor: str
    traceparent: str
    epoch: int
    sequence: int
    previous_id: UUID | None
    withheld_bytes: int | None = None


def to_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """Return the Kafka headers of `envelope`."""
    attributes = {
        "specversion": "1.0",
        "id": envelope.event_id,
        "type": envelope.wire,
        "source": envelope.source,
        "subject": envelope.subject,
        "time": envelope.recorded_at.isoformat(),
        "businessdate": envelope.business_date,
        "effectivedate": envelope.effective_date,
        "customerid": envelope.customer_id,
        "correlationid": envelope.correlation_id,
        "causationid": envelope.causation_id,
        "actor": envelope.actor,
        "traceparent": envelope.traceparent,
        "epoch": envelope.epoch,
        "sequence": envelope.sequence,
        "previousid": envelope.previous_id,
        "withheldbytes": envelope.withheld_bytes,
    }
    headers = [(_PREFIX + name, str(value).encode()) for name, value in attributes.items() if value is not None]
    return [*headers, ("content-type", CONTENT_TYPE.encode())]


def from_headers(headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """Return the envelope that `headers` carry; raise BadEnvelope where an attribute is missing or malformed."""
    try:
        found = {name: _text(value) for name, value in headers if name.startswith(_PREFIX)}
        return Envelope(
            event_id=UUID(found["ce_id"]),
            wire=found["ce_type"],
            source=found["ce_source"],
            subject=found["ce_subject"],
            recorded_at=_instant(found["ce_time"]),
            business_date=date.fromisoformat(found["ce_businessdate"]),
            effective_date=date.fromisoformat(found["ce_effectivedate"]),
            customer_id=_optional_uuid(found.get("ce_customerid")),
            correlation_id=found["ce_correlationid"],
            causation_id=UUID(found["ce_causationid"]),
            actor=found["ce_actor"],
            traceparent=found["ce_traceparent"],
            epoch=_positive(found["ce_epoch"], below=2**31 - 1),  # the next one must fit its column as well
            sequence=_positive(found["ce_sequence"], below=2**63),
            previous_id=_optional_uuid(found.get("ce_previousid")),
            withheld_bytes=_optional_int(found.get("ce_withheldbytes")),
        )
    except (KeyError, ValueError, AttributeError, TypeError, OverflowError) as error:
        msg = f"envelope attribute missing or malformed: {error}"
        raise BadEnvelope(msg) from error


def _text(value: bytes) -> str:
    # What no table can hold is no attribute: what could be neither applied nor parked would stop the stream.
    text = value.decode()
    if "\x00" in text:
        msg = "NUL"
        raise ValueError(msg)
    return text


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not MINYEAR < at.year < MAXYEAR:
        msg = "ce_time has no offset, or is an instant of no calendar"
        raise ValueError(msg)
    return at.astimezone(UTC)


def _positive(text: str, *, below: int) -> int:
    value = int(text)
    if not 1 <= value < below:
        msg = f"epoch and sequence start at 1 and end below {below}"
        raise ValueError(msg)
    return value


def _optional_int(text: str | None) -> int | None:
    return None if text is None else int(text)


def _optional_uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
