"""The company at work: clerks order, issue, import, pay, refund, bounce, credit, promise, dispute; days pass."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from dueflow_client import Dueflow

from tests.chaos.account import Account
from tests.chaos.papers import (
    Sum,
    amount_text,
    draw_credit_note,
    draw_dispute,
    draw_invoice,
    draw_order,
    draw_payment,
    draw_promise,
)
from tests.chaos.persistence import insist
from tests.faults.trade import Trade

_CLERKS = 6
_PAUSE_SECONDS = (0.05, 0.4)
_DAY_SECONDS = 2.0
_LOOK_SECONDS = 0.2
_DAYS_AT_ONCE = (1, 1, 1, 1, 3)
"""Now and then nobody opens the days of a weekend: they are caught up with, one by one."""
_WORK = {
    "order": 3,
    "issue": 10,
    "import": 1,
    "pay": 7,
    "refund": 1,
    "bounce": 2,
    "credit": 2,
    "promise": 2,
    "dispute": 2,
}
_FILE_ROWS = 5


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
            tasks.create_task(self._live(random.Random(f"days {seed}")))  # noqa: S311 - it must be repeatable
            for clerk in range(_CLERKS):
                draw = random.Random(f"clerk {clerk} {seed}")  # noqa: S311 - it must be repeatable
                tasks.create_task(self._clerk(draw))

    async def turn(self, days: int = 1) -> None:
        """Let days pass, each to its end in all services; only the last of them is asked for."""
        day = self.trade.day + timedelta(days=days)
        await self._insist("days", lambda: self.dueflow.ledger.open_day(day))
        while not (await self.trade.dueflow.ledger.day(day, wait_seconds=1))["complete"]:
            pass
        self.trade.day = day

    async def _live(self, draw: random.Random) -> None:
        while not await self._stopped(_DAY_SECONDS):
            await self.turn(draw.choice(_DAYS_AT_ONCE))

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

    async def _order(self, draw: random.Random) -> None:
        """Ask whether an order may ship; what is approved is billed at once, and that ends its reservation."""
        number = self._number("O")
        order, ordered = draw_order(draw, number, draw.choice(self.people))
        key = f"chaos-order-{number}"
        answer = await self._insist("orders", lambda: self.dueflow.credit.check_order(order, key=key))
        if not answer:
            return
        self.account.orders[number] = ordered
        if answer["decision"] == "approve":
            await self._bill(draw, ordered.customer, order_number=number)

    async def _issue(self, draw: random.Random) -> None:
        await self._bill(draw, draw.choice(self.people))

    async def _bill(self, draw: random.Random, customer: str, *, order_number: str | None = None) -> None:
        number = self._number("R")
        invoice, owed = draw_invoice(draw, number, customer, self.trade.day)
        if order_number is not None:
            invoice["order_number"] = order_number
        key = f"chaos-invoice-{number}"
        if await self._insist("invoices", lambda: self.dueflow.ledger.issue_invoice(invoice, key=key)):
            self.account.invoices[number] = owed

    async def _import(self, draw: random.Random) -> None:
        """Hand over a file, one row of which is bad; the same file again is the same import."""
        rows = [
            draw_invoice(draw, self._number("R"), draw.choice(self.people), self.trade.day) for _ in range(_FILE_ROWS)
        ]
        wrong = {**rows[0][0], "number": self._number("R"), "total": "0.01"}
        content = "\n".join(json.dumps(each) for each in (*(invoice for invoice, _ in rows), wrong)).encode()

        async def hand_over() -> Any:
            import_id = await self.dueflow.ledger.import_file(
                content, kind="invoices", media_type="application/x-ndjson"
            )
            while (progress := await self.dueflow.ledger.import_progress(import_id))["finished_at"] is None:
                await asyncio.sleep(_LOOK_SECONDS)
            return progress

        progress = await self._insist("imports", hand_over)
        if not progress:
            return
        if (progress["rows_imported"], progress["rows_refused"]) != (_FILE_ROWS, 1):
            self.account.failed[f"imports: {progress}"] += 1
        self.account.invoices.update({invoice["number"]: owed for invoice, owed in rows})

    async def _refund(self, draw: random.Random) -> None:
        """Give a tenth of a payment back; refused where so much does not lie unapplied."""
        if not self._payment_ids:
            return
        payment, today = draw.choice(sorted(self._payment_ids)), self.trade.day.isoformat()
        reference, given = self._number("G"), self.account.payments[payment].part(10)
        payment_id, key = self._payment_ids[payment], f"chaos-refund-{reference}"

        async def refund() -> Any:
            return await self.dueflow.ledger.refund_payment(
                payment_id, reference=reference, amount=amount_text(given), refunded_date=today, key=key
            )

        if await self._insist("refunds", refund):
            self.account.refunds[reference] = given

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
