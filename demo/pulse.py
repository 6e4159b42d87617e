"""Feels the pulse of a running stack: events published by each service, how many a second, and caught mails."""

import asyncio
import time
from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.state import StackState

_EVERY_SECONDS = 1.0
_PUBLISHED = "dueflow_events_published"


class Pulse:
    """What the workers' metrics and the mailbox said last."""

    def __init__(self, state: StackState) -> None:
        self._state = state
        self.events: dict[str, int] = dict.fromkeys(state.worker_urls, 0)
        self.per_second = 0.0
        self.mails: int | None = None

    async def watch(self) -> None:
        """Look every second, for ever; a service that is away keeps its last figure."""
        async with httpx.AsyncClient(timeout=_EVERY_SECONDS, trust_env=False) as http:
            while True:
                began, before = time.monotonic(), sum(self.events.values())
                await asyncio.sleep(_EVERY_SECONDS)
                await self.look(http)
                self.per_second = (sum(self.events.values()) - before) / (time.monotonic() - began)

    async def look(self, http: httpx.AsyncClient) -> None:
        """Look once."""
        for service, url in self._state.worker_urls.items():
            try:
                self.events[service] = _published((await http.get(f"{url}/metrics")).text)
            except httpx.HTTPError:
                continue
        if self._state.mailbox_url is not None:
            self.mails = await caught_mails(http, self._state.mailbox_url)


async def caught_mails(http: httpx.AsyncClient, mailbox_url: str) -> int:
    """Return how many mails lie in the mailbox."""
    answer: Mapping[str, int] = (await http.get(f"{mailbox_url}/api/messages", params={"limit": 1})).json()
    return answer["total"]


def _published(metrics: str) -> int:
    families = text_string_to_metric_families(metrics)
    return int(
        sum(
            sample.value
            for family in families
            if family.name == _PUBLISHED
            for sample in family.samples
            if sample.name.endswith("_total")
        )
    )
