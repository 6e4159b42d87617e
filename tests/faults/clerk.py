"""A clerk who issues invoices one by one at a steady rate, each under its own key, and notes every answer he gets."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from types import TracebackType
from typing import Self

import httpx
from dueflow_client.shapes import Invoice

from tests.faults.trade import Trade

_PATH = "/v1/invoices"
_PATIENCE = httpx.Timeout(60, pool=None)
"""Who asks faster than he is answered waits for a free line as long as it takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one invoice; status 0 where nothing did."""

    status: int
    body: bytes = b""
    retry_after: str | None = None


@dataclass(slots=True)
class Clerk:
    """Asks once per invoice and never by himself again, so that nothing is smoothed over."""

    url: str
    api_key: str
    invoices: dict[str, Invoice] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    _http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {self.api_key}"}, timeout=_PATIENCE, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def work(self, trade: Trade, people: Sequence[str], *, per_second: int, seconds: float) -> None:
        """Issue invoices to `people` at this rate, however long the answers take."""
        asked = []
        for customer in islice(cycle(people), int(per_second * seconds)):
            invoice = trade.bill(customer, due_in_days=30)
            asked.append(asyncio.create_task(self.issue(invoice)))
            await asyncio.sleep(1 / per_second)
        await asyncio.gather(*asked)

    async def issue(self, invoice: Invoice) -> Answer:
        """Issue one invoice and note the answer."""
        key = invoice["number"]
        self.invoices[key] = invoice
        self.answers[key] = await self._post(invoice)
        return self.answers[key]

    async def repeat(self, trade: Trade) -> None:
        """Ask again for everything: a yes must be the same to the byte, and what had none must get it."""
        repeated = await asyncio.gather(*(self._post(self.invoices[key]) for key in self.answers))
        for before, again in zip(self.answers.values(), repeated, strict=True):
            assert again.status == httpx.codes.CREATED, again
            assert before.status != httpx.codes.CREATED or again.body == before.body
        trade.invoices += self.answers

    async def _post(self, invoice: Invoice) -> Answer:
        try:
            key = f"invoice-{invoice['number']}"
            response = await self._http.post(_PATH, json=invoice, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            return Answer(0)
        return Answer(response.status_code, response.content, response.headers.get("Retry-After"))
