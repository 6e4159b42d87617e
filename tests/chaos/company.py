"""The company at work: clerks issue, pay, bounce, credit, note promises and disputes at random while days pass."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from dueflow_client import Dueflow

from tests.chaos.account import Account
from tests.chaos.papers import Sum, draw_credit_note, draw_dispute, draw_invoice, draw_payment, draw_promise
from tests.chaos.persistence import insist
from tests.faults.trade import Trade

_CLERKS = 6
_PAUSE_SECONDS = (0.05, 0.4)
_DAY_SECONDS = 2.0
_WORK = {"issue": 10, "pay": 7, "bounce": 2, "credit": 2, "promise": 2, "dispute": 2}


@dataclass(slots=True)
class Company:
    """Works until it is told to stop; then everything that it had begun is answered."""

    trade: Trade
    dueflow: Dueflow
    """A client that does not repeat by itself."""
    people: list[str]
    account: Account = field(default_factory=Account)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _payment_ids: dict[str, str] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    async def work(self, seed: int) -> None:
        """Let clerks and days go on until `stopping` is set."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._live())
            for clerk in range(_CLERKS):
                draw = random.Random(f"clerk {clerk} {seed}")  # noqa: S311 - it must be repeatable
                tasks.create_task(self._clerk(draw))

    async def turn(self) -> None:
        """Let a day pass, to its end in all services."""
        day = self.trade.day + timedelta(days=1)
        await self._insist("days", lambda: self.dueflow.ledger.open_day(day))
        while not (await self.trade.dueflow.ledger.day(day, wait_seconds=1))["complete"]:
            pass
        self.trade.day = day

    async def _live(self) -> None:
        while not await self._stopped(_DAY_SECONDS):
            await self.turn()

    async def _clerk(self, draw: random.Random) -> None:
        await self._issue(draw)
        while not await self._stopped(draw.uniform(*_PAUSE_SECONDS)):
            [task] = draw.choices(list(_WORK), list(_WORK.values()))
            await getattr(self, f"_{task}")(draw)

    async def _stopped(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self.stopping.wait()
        except TimeoutError:
            return False

    async def _issue(self, draw: random.Random) -> None:
        number = self._number("R")
        invoice, owed = draw_invoice(draw, number, draw.choice(self.people), self.trade.day)
        key = f"chaos-invoice-{number}"
        if await self._insist("invoices", lambda: self.dueflow.ledger.issue_invoice(invoice, key=key)):
            self.account.invoices[number] = owed

    async def _pay(self, draw: random.Random) -> None:
        reference, (invoice_number, debt) = self._number("P"), self._debt(draw)
        payment, paid = draw_payment(draw, reference, invoice_number, debt, self.trade.day)
        key = f"chaos-payment-{reference}"
        answer = await self._insist("payments", lambda: self.dueflow.ledger.record_payment(payment, key=key))
        if answer:
            self.account.payments[reference] = paid
            self._payment_ids[reference] = answer["payment_id"]

    async def _bounce(self, draw: random.Random) -> None:
        if not self._payment_ids:
            return
        reference = draw.choice(sorted(self._payment_ids))
        payment_id, today = self._payment_ids.pop(reference), self.trade.day.isoformat()
        key = f"chaos-bounce-{reference}"

        async def reverse() -> Any:
            return await self.dueflow.ledger.reverse_payment(
                payment_id, reason="insufficient_funds", reversed_date=today, key=key
            )

        if await self._insist("bounces", reverse):
            self.account.bounced.add(reference)

    async def _credit(self, draw: random.Random) -> None:
        number, (invoice_number, debt) = self._number("C"), self._debt(draw)
        credit_note, credited = draw_credit_note(draw, number, invoice_number, debt, self.trade.day)
        key = f"chaos-credit-{number}"
        if await self._insist("credit notes", lambda: self.dueflow.ledger.issue_credit_note(credit_note, key=key)):
            self.account.credit_notes[number] = credited

    async def _promise(self, draw: random.Random) -> None:
        promise = draw_promise(draw, draw.choice(self.people), self.trade.day)
        key = f"chaos-promise-{self._number('Z')}"
        answer = await self._insist("promises", lambda: self.dueflow.collections.record_promise(promise, key=key))
        if answer:
            self.account.promises.add(answer["promise_id"])

    async def _dispute(self, draw: random.Random) -> None:
        """Contest a part of an invoice, and every second time give in at once."""
        key, collections = f"chaos-dispute-{self._number('D')}", self.dueflow.collections
        dispute, gives_in = draw_dispute(*self._debt(draw)), draw.random() < 0.5
        answer = await self._insist("disputes", lambda: collections.open_dispute(dispute, key=key))
        if not answer:
            return
        dispute_id = answer["dispute_id"]
        self.account.disputes.add(dispute_id)

        async def give_in() -> Any:
            return await collections.resolve_dispute(dispute_id, outcome="withdrawn", key=f"{key}-end")

        if gives_in:
            await self._insist("disputes ended", give_in)

    async def _insist(self, what: str, command: Callable[[], Awaitable[Any]]) -> Any | None:
        return await insist(what, command, account=self.account)

    def _debt(self, draw: random.Random) -> tuple[str, Sum]:
        """Return the number of an invoice that was acknowledged, and what it is about."""
        number = draw.choice(sorted(self.account.invoices))
        return number, self.account.invoices[number]

    def _number(self, letter: str) -> str:
        return f"{letter}-{next(self._numbers)}"
