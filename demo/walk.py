"""Follows one invoice from its POST to the reminder e-mail on a real stack, under one correlation id."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import httpx
from dueflow_client import Addresses, Dueflow
from dueflow_client.shapes import Entity, Invoice

from demo.fast_clock import FastClock
from deploy.local.databases import SERVICES
from deploy.local.runner import LocalStack
from shared.ids import customer_id_of
from shared.messaging.envelope import from_headers
from shared.messaging.topic_reader import TopicReader

CUSTOMER = "WALK-1"
ADDRESS = "walk@example.test"
_ISSUED = date(2025, 3, 3)
_REMINDED = _ISSUED + timedelta(days=4)
_ENTITY: Entity = {
    "code": "walk",
    "name": "Walk Trading Ltd.",
    "country": "CN",
    "zone": "Asia/Shanghai",
    "currency": "CNY",
    "accounts": "china",
    "payee": {
        "name": "Walk Trading Ltd.",
        "account": "6222 0000 0000 0001",
        "bank": "Example Bank",
        "phone": "+861012345678",
        "email": "receivables@example.test",
    },
}
_INVOICE: Invoice = {
    "entity": "walk",
    "number": "WALK-0001",
    "customer_number": CUSTOMER,
    "issue_date": _ISSUED.isoformat(),
    "currency": "CNY",
    "lines": [{"description": "goods", "amount": "1000.00"}],
    "tax": "130.00",
    "total": "1130.00",
    "terms": {"kind": "net", "days": 1},
}


@dataclass(frozen=True, slots=True)
class Hop:
    """One event of the walk: when it was recorded, on which business day, by whom, and what it is."""

    recorded_at: datetime
    business_date: date
    wire: str
    subject: str


@dataclass(frozen=True, slots=True)
class Walk:
    """What one correlation id left behind: the customer's events in order, and the mail that came of them."""

    correlation_id: str
    hops: list[Hop]
    mail: dict[str, Any]


async def walk(stack: LocalStack) -> Walk:
    """Issue an invoice, let it be overdue for three days, and collect what happened; needs the fast clock."""
    correlation_id = f"walk-{secrets.token_hex(6)}"
    addresses = Addresses(**{each: stack.api_url(each) for each in SERVICES})
    async with Dueflow(addresses, key=stack.api_key, correlation_id=correlation_id) as dueflow:
        await FastClock(dueflow).turn_to(_ISSUED)
        await dueflow.ledger.record_entity(_ENTITY)
        await dueflow.notifications.add_contact_points([_contact()])
        await dueflow.ledger.issue_invoice(_INVOICE)
        for days in range(1, (_REMINDED - _ISSUED).days + 1):
            await FastClock(dueflow).turn_to(_ISSUED + timedelta(days=days))
    hops = [hop async for hop in _hops(stack, correlation_id)]
    return Walk(correlation_id, sorted(hops, key=lambda hop: hop.recorded_at), await _mail(stack))


async def _hops(stack: LocalStack, correlation_id: str) -> AsyncIterator[Hop]:
    customer_id = customer_id_of(CUSTOMER)
    for service in SERVICES:
        reader = TopicReader(stack.bootstrap, f"{stack.topic_prefix}{service}")
        try:
            await reader.start()
            found = await reader.read_to_end()
        finally:
            await reader.close()
        for record in (record for records in found.values() for record in records):
            envelope = from_headers(record.headers)
            if (envelope.customer_id, envelope.correlation_id) == (customer_id, correlation_id):
                yield Hop(envelope.recorded_at, envelope.business_date, envelope.wire, envelope.subject)


async def _mail(stack: LocalStack) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=stack.mailbox_url or "", trust_env=False) as http:
        listed = (await http.get("/api/v1/messages", params={"q": ADDRESS})).json()
        mail: dict[str, Any] = (await http.get(f"/api/v1/messages/{listed['messages'][0]['number']}")).json()
    return mail


def _contact() -> Any:
    return {
        "customer_number": CUSTOMER,
        "company_name": "行路商贸有限公司",
        "name": "Li Hua",
        "role": "accounts_payable",
        "language": "en",
        "zone": "Asia/Shanghai",
        "email": ADDRESS,
        "verified": True,
        "address_for_service": True,
    }
