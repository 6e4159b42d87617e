"""Feels the pulse of a running stack: events published by each service, how many a second, and caught mails."""

import asyncio
import time

import httpx

from demo.metrics import StackMetrics
from deploy.local.state import StackState

_EVERY_SECONDS = 1.0


class Pulse:
    """What the workers' metrics and the mailbox said last."""

    def __init__(self, state: StackState, metrics: StackMetrics) -> None:
        self._metrics = metrics
        self._mailbox_url = state.mailbox_url
        self.events: dict[str, int] = dict.fromkeys(metrics.services, 0)
        self.per_second = 0.0
        self.mails: int | None = None

    async def watch(self) -> None:
        """Look every second, for ever; a service that is away keeps its last figure."""
        async with httpx.AsyncClient(trust_env=False) as http:
            while True:
                began, before = time.monotonic(), sum(self.events.values())
                await asyncio.sleep(_EVERY_SECONDS)
                for service in self.events:
                    await self._look_at(service)
                if self._mailbox_url is not None:
                    self.mails = await caught_mails(http, self._mailbox_url)
                self.per_second = (sum(self.events.values()) - before) / (time.monotonic() - began)

    async def _look_at(self, service: str) -> None:
        try:
            self.events[service] = await self._metrics.published(service)
        except httpx.HTTPError:
            return


async def caught_texts(http: httpx.AsyncClient, mailbox_url: str) -> int:
    """Return how many text messages lie in the mailbox."""
    return int((await http.get(f"{mailbox_url}/api/texts", params={"limit": 1})).json()["total"])


async def caught_mails(http: httpx.AsyncClient, mailbox_url: str) -> int:
    """Return how many mails lie in the mailbox."""
    return int((await http.get(f"{mailbox_url}/api/v1/messages", params={"limit": 1})).json()["total"])
