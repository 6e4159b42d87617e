"""Reads the Prometheus counters of a stack: how many events each service wrote and published, and others applied."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import httpx

_COUNTER = re.compile(
    r'^dueflow_events_(appended|published|consumed)_total\{topic="([^"]+)"\} ([0-9.e+]+)$', re.MULTILINE
)
_NAMES = tuple(f"dueflow_events_{kind}_total" for kind in ("appended", "published", "consumed"))

Counts = Mapping[tuple[str, str], int]
"""By kind (appended, published, consumed) and topic."""


class StackMetrics:
    """The metrics pages of a stack's processes; use it as a context manager."""

    def __init__(self, *, worker_urls: Mapping[str, str], api_urls: Mapping[str, str]) -> None:
        self._workers = worker_urls
        self._apis = api_urls
        self._http = httpx.AsyncClient(timeout=30, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    @property
    def services(self) -> tuple[str, ...]:
        """Return the services whose workers are known."""
        return tuple(self._workers)

    async def published(self, service: str) -> int:
        """Return how many events a worker has published; raise httpx.HTTPError while it is away."""
        counts = await self._read(self._workers[service])
        return sum(number for (kind, _), number in counts.items() if kind == "published")

    async def is_quiet(self) -> bool:
        """Return whether all that was ever written is applied by all that listen to it, and nothing new came of it.

        Nobody but the asker may be writing at the time. A service that has not heard anything of a topic yet is not
        known to listen to it.
        """
        workers = await asyncio.gather(*map(self._read, self._workers.values()))
        if not _all_heard(workers, _sum("published", workers)):
            return False
        processes = await asyncio.gather(*map(self._read, (*self._workers.values(), *self._apis.values())))
        return _all_heard(workers, _sum("appended", processes))

    async def _read(self, url: str) -> Counts:
        answer = await self._http.get(f"{url}/metrics", params={"name[]": _NAMES})
        answer.raise_for_status()
        return {(kind, topic): int(float(value)) for kind, topic, value in _COUNTER.findall(answer.text)}


def _all_heard(workers: Iterable[Counts], expected: Mapping[str, int]) -> bool:
    heard = [each for counts in workers for each in counts.items() if each[0][0] == "consumed"]
    return all(number == expected[topic] for (_, topic), number in heard)


def _sum(wanted: str, pages: Iterable[Counts]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for counts in pages:
        sums.update({topic: number for (kind, topic), number in counts.items() if kind == wanted})
    return sums
