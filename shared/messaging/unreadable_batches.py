"""Lets the client pass over a batch that it cannot read, as over offsets that hold no record: it would never go on.

A header's name that is no text is enough for that, and anybody may write one. What is passed over is missing in its
stream if it was an event: then the numbers show a hole, and the partition stops and says so.
"""

from typing import Any

import structlog
from aiokafka.consumer import fetcher

log = structlog.get_logger(__name__)


class _Remembering:
    """The batches of one answer, and the one that was given out last."""

    def __init__(self, batches: Any) -> None:
        self._batches = batches
        self.last: Any = None

    def has_next(self) -> bool:
        return bool(self._batches.has_next())

    def next_batch(self) -> Any:
        self.last = self._batches.next_batch()
        return self.last


class _PassingOver(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """The records of one partition in one answer, without the batches that cannot be read."""

    def __init__(self, place: Any, batches: Any, *others: Any) -> None:
        super().__init__(place, _Remembering(batches), *others)

    def __next__(self) -> Any:
        while True:
            try:
                return super().__next__()
            except StopIteration:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the next fetch would fail the same way
                batch = self._records.last
                log.error(  # noqa: TRY400 - the sentence says all
                    "batch.unreadable",
                    topic=self._tp.topic,
                    partition=self._tp.partition,
                    offset=batch.base_offset,
                    reason=f"{type(error).__name__}: {error}"[:200],
                )
                self.next_fetch_offset = batch.next_offset
                # The iterator that failed has ended; another goes on with the next batch.
                self._records_iterator = self._unpack_records()


def pass_over() -> None:
    """Let all consumers of this process do so."""
    fetcher.PartitionRecords = _PassingOver
