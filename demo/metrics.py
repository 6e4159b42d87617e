"""Reads the workers' Prometheus counters: how many events each service published, and how many others applied."""

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import httpx

_COUNTER = re.compile(r'^dueflow_events_(published|consumed)_total\{topic="([^"]+)"\} ([0-9.e+]+)$', re.MULTILINE)
_NAMES = ("dueflow_events_published_total", "dueflow_events_consumed_total")

Counts = Mapping[tuple[str, str], int]
"""By kind (published, consumed) and topic."""


class WorkerMetrics:
    """The metrics pages of a stack's workers; use it as a context manager."""

    def __init__(self, worker_urls: Mapping[str, str]) -> None:
        self._urls = worker_urls
        self._http = httpx.AsyncClient(timeout=2, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    @property
    def services(self) -> tuple[str, ...]:
        """Return the services whose workers are known."""
        return tuple(self._urls)

    async def counts(self, service: str) -> Counts:
        """Return what a worker has counted; raise httpx.HTTPError while it is away."""
        page = (await self._http.get(f"{self._urls[service]}/metrics", params={"name[]": _NAMES})).text
        return {(kind, topic): int(float(value)) for kind, topic, value in _COUNTER.findall(page)}

    async def has_heard(self, reader: str, publisher: str) -> bool:
        """Return whether one service has applied all that the other has published."""
        topics = {
            topic: number for (kind, topic), number in (await self.counts(publisher)).items() if kind == "published"
        }
        heard = await self.counts(reader)
        return all(heard.get(("consumed", topic), 0) >= number for topic, number in topics.items())
