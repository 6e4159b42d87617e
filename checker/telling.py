"""All that a service has told, or has heard of another, as of one snapshot: of its rows, the events behind them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from checker.histories import History
from checker.snapshot import Number, Snapshot

RECORDED_AGAIN = "again"
"""Stands for the microseconds in the key of a row of which an ended epoch tells."""

Fields = Mapping[str, Any]
"""What an event says by the names of its fields, and of those of its envelope behind an @."""

_ABOUT = (
    *("subject", "event_id", "customer_id", "business_date", "effective_date", "recorded_at", "causation_id"),
    *("correlation_id", "traceparent", "actor"),
)
_UNREAD = f"""
    SELECT partition_no, o.epoch, o.sequence, wire, body, {", ".join(_ABOUT)} FROM outbox AS o LEFT JOIN unnest(
        CAST(:partitions AS smallint[]), CAST(:epochs AS integer[]), CAST(:sequences AS bigint[])
    ) AS t(partition_no, epoch, sequence) USING (partition_no)
    WHERE o.sequence IS NULL OR t.sequence IS NULL OR (o.epoch, o.sequence) > (t.epoch, t.sequence)
    ORDER BY o.id
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SET_ASIDE = """
    SELECT customer_id FROM customer WHERE parked_at IS NOT NULL UNION SELECT customer_id FROM discarded_item
"""


class Telling:
    """A topic as it was read, and after it what its outbox had besides; with `until`, up to a reader's positions.

    Nothing is told of a customer of whom the broker refused an event, or the reader set one aside.
    """

    def __init__(
        self,
        history: History,
        unread: Sequence[Row[Any]],
        *,
        until: Mapping[int, Number] | None = None,
        set_aside: Iterable[UUID] = (),
    ) -> None:
        self._history = history
        self._unread = unread
        self._until = until
        withheld = (each.envelope.customer_id for each in history.all() if each.envelope.withheld_bytes is not None)
        self.silent = {*withheld, *set_aside}

    def of(self, wires: Iterable[str]) -> Iterator[tuple[str, Fields]]:
        """Yield the events of these types, in their order, with what they say."""
        wanted = frozenset(wires)
        for partition_no, events in self._history.partitions.items():
            epoch = events[-1].envelope.epoch if events else 0
            for each in events:
                if each.envelope.wire in wanted and self._tells(partition_no, each.envelope):
                    fields = _fields(partition_no, each.envelope, each.body)
                    yield each.envelope.wire, fields if each.envelope.epoch == epoch else _before_restore(fields)
        for row in self._unread:
            if row.wire in wanted and self._tells(row.partition_no, row):
                yield row.wire, _fields(row.partition_no, row, row.body)

    def _tells(self, partition_no: int, envelope: Any) -> bool:
        if envelope.customer_id is not None and envelope.customer_id in self.silent:
            return False
        if self._until is None:
            return True
        heard = self._until.get(partition_no, (0, 0))
        return envelope.sequence is not None and (envelope.epoch, envelope.sequence) <= heard


async def unread_rows(snapshot: Snapshot, history: History) -> list[Row[Any]]:
    """Return the rows of the outbox that the topic, read before, has not got."""
    ends = {no: events[-1].envelope for no, events in history.partitions.items() if events}
    return await snapshot.rows(
        _UNREAD,
        partitions=list(ends),
        epochs=[each.epoch for each in ends.values()],
        sequences=[each.sequence for each in ends.values()],
    )


async def positions_in(snapshot: Snapshot, topic: str) -> dict[int, Number]:
    """Return how far a service has heard a topic, by partition."""
    return {no: number for (name, no), number in (await snapshot.positions()).items() if name == topic}


async def set_aside_by(snapshot: Snapshot) -> set[UUID]:
    """Return the customers of whom a service has heard something that it has not applied, or never will."""
    return {row.customer_id for row in await snapshot.rows(_SET_ASIDE)}


def _fields(partition_no: int, envelope: Any, body: bytes | str) -> Fields:
    about = {f"@{name}": _plain(getattr(envelope, name)) for name in _ABOUT}
    said = json.loads(body)
    at = (envelope.recorded_at - _EPOCH) // timedelta(microseconds=1)
    return {**said, **about, "@partition_no": partition_no, "@body": said, "@recorded_us": at}


def _before_restore(fields: Fields) -> Fields:
    """Leave open when it was recorded: what was lost with a database, and said again since, was recorded again."""
    return {name: value for name, value in fields.items() if name != "@recorded_at"} | {"@recorded_us": RECORDED_AGAIN}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, datetime) else str(value)
