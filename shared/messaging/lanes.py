"""What a consumer remembers of one partition number: what has arrived and is not applied, and when to try again."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from shared.messaging import metrics
from shared.messaging.day_order import DayOrder
from shared.messaging.days import DayWork, Progress
from shared.messaging.records import Record

MAX_BACKOFF_SECONDS = 10

log = structlog.get_logger(__name__)


@dataclass
class LaneState:
    """Only hints: no position kept here decides anything. `rereading` says from where a broken topic is read again."""

    number: int
    day: DayWork | None
    backlog: defaultdict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    failures: int = 0
    failing_since: float = 0.0
    retry_at: float = 0.0
    day_progress: Progress = Progress.MORE
    rereading: dict[str, int] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.day is None:
            self.day_progress = Progress.NONE

    @property
    def has_work(self) -> bool:
        """Return whether a step may get anything done."""
        return any(self.backlog.values()) or self.day_progress in (Progress.MORE, Progress.WAITING)

    @property
    def has_records(self) -> bool:
        """Return whether anything has arrived that waits for nothing but this worker."""
        return any(found for topic, found in self.backlog.items() if topic not in self.held)

    def is_busy_with(self, topic: str) -> bool:
        """Return whether a topic stands still here for a reason that is known."""
        return bool(self.backlog[topic]) or self.retry_at > time.monotonic() or topic in self.rereading

    async def ready(self, topic: str, order: DayOrder | None) -> Sequence[Record]:
        """Return what of a topic may be applied now; none while it tells of a day that is still to come."""
        backlog = self.backlog[topic]
        found = backlog if order is None else await order.ready((topic, self.number), backlog)
        (self.held.discard if found else self.held.add)(topic)
        return found

    def back_off(self, error: Exception) -> None:
        """Wait, each time longer, and show since when nothing goes."""
        now = time.monotonic()
        self.failing_since = self.failing_since if self.failures else now
        self.failures += 1
        seconds = min(0.1 * 2 ** min(self.failures, 10), MAX_BACKOFF_SECONDS)
        self.retry_at = now + seconds
        metrics.failing.labels(self.number).set(now - self.failing_since)
        log.error("partition.waits", partition=self.number, seconds=seconds, exc_info=error)

    def went_well(self) -> None:
        """Note that a step got through."""
        if self.failures:
            self.failures = 0
            metrics.failing.labels(self.number).set(0)
