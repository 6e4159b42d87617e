"""Whether each event is one that its cause makes: its id follows from the command, event or day behind it (7)."""

from collections.abc import Iterator, Mapping

from checker.findings import Check, Finding
from checker.histories import History
from shared.ids import derived_id
from shared.messaging.envelope import Envelope

CAUSED = Check(
    name="event-of-its-cause",
    invariant="7",
    sentence="Every event's id follows from its one cause, its type and its subject: nothing was told twice or alone.",
)
# Of one type about one subject a cause tells once, or a few times, such as for each instalment of an invoice.
_MOST_ORDINALS = 1000


def check_causes(histories: Mapping[str, History]) -> Finding:
    """Derive every event's id again."""
    differences = [
        f"{history.service}/{partition_no} number {envelope.sequence}: "
        f"event {envelope.event_id} does not follow from {envelope.causation_id}"
        for history in histories.values()
        for partition_no, envelope in _envelopes(history)
        if not _follows(envelope, partition_no)
    ]
    return CAUSED.found(compared=sum(history.count() for history in histories.values()), differences=differences)


def _envelopes(history: History) -> Iterator[tuple[int, Envelope]]:
    for partition_no, events in history.partitions.items():
        yield from ((partition_no, each.envelope) for each in events)


def _follows(envelope: Envelope, partition_no: int) -> bool:
    # Of what belongs to no customer, each partition has a copy of its own.
    copy = None if envelope.customer_id is not None else partition_no
    kind = f"{envelope.wire}/{envelope.subject}/{copy}"
    return any(
        derived_id(envelope.causation_id, kind, ordinal) == envelope.event_id for ordinal in range(_MOST_ORDINALS)
    )
