"""Tells the markers of days from all other events before anything else is known of a record."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.event import Event
from shared.messaging.kafka import Record


@dataclass(frozen=True, slots=True)
class DayMarkers:
    """Which events tell of days: the ledger's marker, and the one after which this service begins its own work."""

    seen: str
    begins_work: str
    models: dict[str, type[Event]]

    def is_marker(self, wire: str) -> bool:
        """Return whether an event of this type, in whatever version, must be handled by itself."""
        return _name(wire) in (_name(self.seen), _name(self.begins_work))

    def prefix(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return the records up to the next marker, or the marker alone: it has a transaction of its own."""
        for index, record in enumerate(records):
            if self.is_marker(wire_of(record)):
                return records[: max(index, 1)]
        return records


def _name(wire: str) -> str:
    return wire.rpartition(".v")[0]


def wire_of(record: Record) -> str:
    """Return the type that the record's headers name, empty where they name none."""
    return next((value.decode("utf-8", "replace") for name, value in record.headers if name == "ce_type" and value), "")
