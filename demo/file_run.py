"""Plays a user's file through the public import: each invoice and each payment on its own date, day after day."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from dueflow_client import Dueflow, Problem
from dueflow_client.shapes import ContactPoint, Customer

from demo.fast_clock import FastClock
from demo.mapping import Mapping as FileMapping
from demo.rows import BadRow, FileRow, Reading
from shared.money import format_amount

_POLL_SECONDS = 0.02
_CHUNK_ROWS = 20_000
_NOT_FOUND = 404
_FACT = Literal["invoices", "payments"]
_TOLD = {"invoices": "invoices issued", "payments": "payments"}


@dataclass(slots=True)
class FileRun:
    """A file on its way into an installation; `alone` when no day was open there before.

    `overdue` counts the instalments that became overdue as days were opened.
    """

    dueflow: Dueflow
    reading: Reading
    overdue: int = 0
    alone: bool = False
    refused: list[BadRow] = field(default_factory=list)
    recorded: Counter[str] = field(default_factory=Counter)

    def counts(self) -> Mapping[str, int]:
        """Return what was recorded so far."""
        return self.recorded

    @property
    def first_day(self) -> date:
        """Return the first day on which something happens."""
        return min(row.issue_date for row in self.reading.rows)

    @property
    def last_day(self) -> date:
        """Return the day after the last on which something happens."""
        return max(row.settled_date or row.issue_date for row in self.reading.rows) + timedelta(days=1)

    async def play(self) -> AsyncIterator[date]:
        """Record what belongs to each day, then open the next; what lies before the open day is recorded late."""
        clock = FastClock(self.dueflow)
        today = await self._open_day(clock)
        await self._found()
        invoices, payments = _by_date(self.reading.rows)
        while True:
            await self._record("invoices", _until(invoices, today))
            await self._record("payments", _until(payments, today))
            yield today
            if today >= self.last_day:
                return
            today += timedelta(days=1)
            self.overdue += await clock.turn_to(today)

    async def _open_day(self, clock: FastClock) -> date:
        try:
            return date.fromisoformat((await self.dueflow.ledger.current_day())["day"])
        except Problem as problem:
            if problem.status != _NOT_FOUND:
                raise
        self.alone = True
        await clock.turn_to(self.first_day)
        return self.first_day

    async def _found(self) -> None:
        """Record the creditor, the customers and where to reach them; what is known already stays as it is."""
        mapping = self.reading.mapping
        customers = {row.customer_number: row.customer_name for row in self.reading.rows}
        await self.dueflow.ledger.record_entity(
            {
                "code": mapping.entity.code,
                "name": mapping.entity.name,
                "country": mapping.country,
                "zone": mapping.zone,
                "currency": mapping.currency,
                "accounts": mapping.entity.accounts,
                "payee": {
                    "name": mapping.entity.payee.name,
                    "account": mapping.entity.payee.account,
                    "bank": mapping.entity.payee.bank,
                    "phone": mapping.entity.payee.phone,
                    "email": mapping.entity.payee.email,
                },
            }
        )
        await self.dueflow.credit.register_customers([_customer(each, mapping) for each in customers.items()])
        await self.dueflow.notifications.add_contact_points([_contact(each, mapping) for each in customers.items()])

    async def _record(self, kind: _FACT, rows: Sequence[FileRow]) -> None:
        body = {"invoices": _invoice, "payments": _payment}[kind]
        for start in range(0, len(rows), _CHUNK_ROWS):
            chunk = rows[start : start + _CHUNK_ROWS]
            lines = "".join(json.dumps(body(row, self.reading.mapping)) + "\n" for row in chunk)
            import_id = await self.dueflow.ledger.import_file(
                lines.encode(), kind=kind, media_type="application/x-ndjson"
            )
            while (progress := await self.dueflow.ledger.import_progress(import_id))["finished_at"] is None:
                await asyncio.sleep(_POLL_SECONDS)
            self.recorded[_TOLD[kind]] += progress["rows_imported"]
            async for error in self.dueflow.ledger.import_errors(import_id):
                row = chunk[error["line"] - 1]
                self.refused.append(BadRow(row.line, row.lines, "", f"{kind}: {error['reason']}"))


def _by_date(rows: Iterable[FileRow]) -> tuple[defaultdict[date, list[FileRow]], defaultdict[date, list[FileRow]]]:
    invoices: defaultdict[date, list[FileRow]] = defaultdict(list)
    payments: defaultdict[date, list[FileRow]] = defaultdict(list)
    for row in rows:
        invoices[row.issue_date].append(row)
        if row.settled_date is not None:
            payments[row.settled_date].append(row)
    return invoices, payments


def _until(dated: defaultdict[date, list[FileRow]], today: date) -> list[FileRow]:
    """Take out what is dated today or before, in order of date."""
    return [row for day in sorted(each for each in dated if each <= today) for row in dated.pop(day)]


def _customer(named: tuple[str, str], mapping: FileMapping) -> Customer:
    return {"customer_number": named[0], "name": named[1], "kind": "company", "country": mapping.country}


def _contact(named: tuple[str, str], mapping: FileMapping) -> ContactPoint:
    number, name = named
    local_part = "".join(each if each.isascii() and each.isalnum() else "-" for each in number.lower())
    return {
        "customer_number": number,
        "company_name": name,
        "name": name,
        "role": "accounts_payable",
        "language": mapping.language,
        "zone": mapping.zone,
        "email": mapping.email.replace("{customer}", local_part),
        "verified": True,
        "address_for_service": True,
    }


def _invoice(row: FileRow, mapping: FileMapping) -> Mapping[str, Any]:
    amount = format_amount(row.amount_minor, mapping.currency)
    return {
        "entity": mapping.entity.code,
        "number": row.invoice_number,
        "customer_number": row.customer_number,
        "issue_date": row.issue_date.isoformat(),
        "currency": mapping.currency,
        "lines": [{"description": row.invoice_number, "amount": amount}],
        "tax": format_amount(0, mapping.currency),
        "total": amount,
        "instalments": [{"due_date": row.due_date.isoformat(), "amount": amount}],
    }


def _payment(row: FileRow, mapping: FileMapping) -> Mapping[str, Any]:
    settled_date = row.settled_date
    assert settled_date is not None, "only settled rows have a payment"
    amount = format_amount(row.amount_minor, mapping.currency)
    return {
        "entity": mapping.entity.code,
        "customer_number": row.customer_number,
        "source": "file",
        "reference": row.invoice_number,
        "received_date": settled_date.isoformat(),
        "currency": mapping.currency,
        "amount": amount,
        "remittance": [{"invoice_number": row.invoice_number, "amount": amount}],
    }
