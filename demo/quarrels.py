"""What the simulated debtors contest, and how each dispute ends: credited, partly credited or rejected."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from demo.debts import Debt, amount_text
from demo.habits import BEHAVIOR, on_weekday
from demo.house import COMPANY, House

Outcome = Literal["credited", "partly_credited", "rejected"]

_REASONS = ("quality", "quantity", "price", "delivery")
_OUTCOMES: Mapping[Outcome, float] = {"credited": 0.45, "partly_credited": 0.2, "rejected": 0.35}
_OPENED_DAYS = (-4, 6)
_RESOLVED_AFTER_DAYS = (8, 25)
_PAYS_AFTER_DAYS = 9
_HEARD_WITHIN_SECONDS = 10
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Dispute:
    debt: Debt
    dispute_id: str
    contested_minor: int


class Quarrels:
    """Disputes from their opening to their end."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._opens: defaultdict[date, list[Debt]] = defaultdict(list)
        self._ends: defaultdict[date, list[_Dispute]] = defaultdict(list)

    def consider(self, debt: Debt, today: date) -> None:
        """Let the debtor of a new invoice contest it, near its due date, if he is one who does."""
        customer, chance = debt.customer, self._house.chance
        if customer.designates and chance.happens(BEHAVIOR[customer.habit].dispute_share, "dispute", debt.name):
            days = chance.of("dispute day", debt.name).randint(*_OPENED_DAYS)
            self._opens[max(today + timedelta(days=1), debt.due_date + timedelta(days=days))].append(debt)

    async def settle(self, today: date) -> bool:
        """Decide today's disputes, then open new ones; return whether there were any."""
        ends, opens = self._ends.pop(today, []), self._opens.pop(today, [])
        for dispute in ends:
            await self._resolve(dispute, today)
        for debt in opens:
            await self._open(debt, today)
        return bool(ends or opens)

    async def _open(self, debt: Debt, today: date) -> None:
        draw = self._house.chance.of("contested", debt.name)
        contested_minor = debt.willing_minor * draw.choice((20, 40, 100)) // 100
        if not contested_minor:
            return
        call = self._house.dueflow.collections.open_dispute(
            {
                "entity": COMPANY["code"],
                "customer_number": debt.customer.number,
                "invoice_number": debt.invoice_number,
                "ordinal": debt.ordinal,
                "amount": amount_text(contested_minor, debt.customer),
                "reason": draw.choice(_REASONS),
            }
        )
        answer = await self._house.ask("disputes opened", call)
        if answer is not None:
            debt.withheld_minor += contested_minor
            ends = today + timedelta(days=draw.randint(*_RESOLVED_AFTER_DAYS))
            self._ends[ends].append(_Dispute(debt, answer["dispute_id"], contested_minor))

    async def _credited(self, dispute: _Dispute) -> None:
        """Wait until the ledger has heard of it and written its credit note: today, whatever the machine's speed."""
        give_up_at = time.monotonic() + _HEARD_WITHIN_SECONDS
        asked = {
            "customer_number": dispute.debt.customer.number,
            "number": f"CN-{UUID(dispute.dispute_id).hex[:12]}",
        }
        while time.monotonic() < give_up_at:
            async for _ in self._house.dueflow.ledger.credit_notes(**asked):
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _resolve(self, dispute: _Dispute, today: date) -> None:
        debt, contested_minor = dispute.debt, dispute.contested_minor
        outcome = self._house.chance.one_of(_OUTCOMES, "outcome", debt.name)
        credited_minor = {"credited": contested_minor, "partly_credited": contested_minor // 2}.get(outcome, 0)
        call = self._house.dueflow.collections.resolve_dispute(
            dispute.dispute_id,
            outcome=outcome,
            credited=amount_text(credited_minor, debt.customer) if credited_minor else None,
        )
        if await self._house.ask(f"disputes {outcome.replace('_', ' ')}", call) is not None:
            debt.withheld_minor -= contested_minor
            debt.open_minor -= credited_minor
            if credited_minor:
                await self._credited(dispute)
            debt.pay_date = debt.pay_date and on_weekday(today + timedelta(days=_PAYS_AFTER_DAYS))
