"""What credit's tests build on: replicas of the API over one database, and facts of the ledger to follow."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.consumers import CreditSubscription
from services.credit.domain.policy import Policy
from services.credit.gateways.policy_file import read_policy
from services.credit.main import SERVICE
from services.credit.settings import CreditSettings
from shared.clock import FixedClock
from shared.contracts import collections, ledger
from shared.contracts.event import Event
from shared.ids import customer_id_of, derived_id, new_id, partition_of
from shared.messaging.customers import lock_customers
from shared.messaging.envelope import Envelope
from shared.messaging.outbox import Outbox
from shared.messaging.subscription import Day, Received
from shared.run import make_api
from shared.service import make_context
from shared.web.keys import Scope, key_entry
from shared.web.serve import server

PARTITIONS = 4
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
POLICY = read_policy(CreditSettings.model_fields["credit_policy_file"].default)
KEY = "credit-test-key-0123456789"
BOSS_KEY = "credit-boss-key-0123456789"
PromiseEnding = collections.PromiseKept | collections.PromisePartlyKept | collections.PromiseBroken
SCOPES: frozenset[Scope] = frozenset({"read", "write", "admin"})
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
POLICY = read_policy(CreditSettings.model_fields["credit_policy_file"].default)
ROOT = UUID("019cae00-0000-7000-8000-000000000000")


@dataclass
class Erp:
    """An ERP that calls one or several replicas of credit's API in turn, with a new key for each intent."""

    clients: Sequence[httpx.AsyncClient]
    calls: int = 0

    async def post(
        self, path: str, body: Any = None, *, key: str | None = None, as_boss: bool = False
    ) -> httpx.Response:
        """POST a body under a new key, or under this one; `as_boss` as another caller."""
        bearer = {"Authorization": f"Bearer {BOSS_KEY}"} if as_boss else {}
        return await self.send("POST", path, json=body, headers={"Idempotency-Key": key or new_id().hex, **bearer})

    async def put(self, path: str, body: Any) -> httpx.Response:
        """PUT a body."""
        return await self.send("PUT", path, json=body, headers={"Idempotency-Key": new_id().hex})

    async def patch(self, path: str, body: Any, *, version: int | None) -> httpx.Response:
        """PATCH a body onto the version that was read."""
        match_header = {} if version is None else {"If-Match": f'"{version}"'}
        return await self.send("PATCH", path, json=body, headers={"Idempotency-Key": new_id().hex, **match_header})

    async def get(self, path: str, **query: Any) -> Any:
        """GET what must be there."""
        response = await self.send("GET", path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send any request to the next replica."""
        self.calls += 1
        return await self.clients[self.calls % len(self.clients)].request(method, path, **options)

    async def customer(self, number: str, **facts: Any) -> UUID:
        """Register a customer who exists from now on."""
        body = {"customer_number": number, "name": f"{number} Ltd", "kind": "company", "country": "CN", **facts}
        response = await self.post("/v1/customers", body)
        assert response.status_code == 201, response.text
        return UUID(response.json()["customer_id"])

    async def check(self, number: str, order: str, amount: str, currency: str = "CNY") -> Any:
        """Ask for an order on credit."""
        body = {"customer_number": number, "order_number": order, "amount": amount, "currency": currency}
        response = await self.post("/v1/credit-checks", body)
        assert response.status_code == 201, response.text
        return response.json()


def policy_file(folder: Path, **sections: Any) -> Path:
    """Write the default policy with these sections instead of its own; return where."""
    default = yaml.safe_load(CreditSettings.model_fields["credit_policy_file"].default.read_text(encoding="utf-8"))
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump({**default, **sections}, sort_keys=False), encoding="utf-8")
    return path


@asynccontextmanager
async def replicas(database_url: str, folder: Path, count: int = 1, **settings: Any) -> AsyncIterator[Erp]:
    """Run `count` replicas of the API, each on its own socket, thread and pool, over one database."""
    keys = folder / "keys.json"
    keys.write_text(json.dumps([key_entry(name, key, SCOPES) for name, key in (("erp", KEY), ("boss", BOSS_KEY))]))
    secret = folder / "cursor-secret"
    secret.write_text(KEY)
    configured = CreditSettings(
        database_url=database_url,
        kafka_bootstrap="127.0.0.1:9",
        api_keys_file=keys,
        port=1,
        worker_port=1,
        partitions=PARTITIONS,
        rate_per_second=100_000,
        cursor_secret_file=secret,
        **settings,
    )
    processes = [
        server(make_api(SERVICE, make_context(SERVICE, configured, "api")), host="127.0.0.1", port=0)
        for _ in range(count)
    ]
    threads = [threading.Thread(target=each.run) for each in processes]
    for thread in threads:
        thread.start()
    while not all(each.started for each in processes):
        await asyncio.sleep(0.01)
    ports = [each.servers[0].sockets[0].getsockname()[1] for each in processes]
    bearer = {"Authorization": f"Bearer {KEY}"}
    clients = [httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=bearer, timeout=30) for port in ports]
    try:
        yield Erp(clients)
    finally:
        for client in clients:
            await client.aclose()
        for process in processes:
            process.should_exit = True
        for thread in threads:
            await asyncio.to_thread(thread.join)


@dataclass
class Ledger:
    """Facts of one ledger for one customer number, in order, each with an envelope of its own."""

    number: str
    entity: str = "cn01"
    currency: str = "CNY"
    facts: list[Received] = field(default_factory=list)
    open: dict[UUID, int] = field(default_factory=dict)
    due: dict[UUID, date] = field(default_factory=dict)
    unapplied: int = 0
    heard: int = 0

    def news(self) -> Sequence[Received]:
        """Return the facts since the last call."""
        since, self.heard = self.heard, len(self.facts)
        return self.facts[since:]

    @property
    def customer_id(self) -> UUID:
        """The customer's id."""
        return customer_id_of(self.number)

    def issue(
        self, invoice: str, amount: int, *, order: str | None = None, on: date = TODAY, due: date | None = None
    ) -> None:
        """Issue an invoice of one instalment, due on the day of its issue unless another is named."""
        invoice_id = derived_id(self.customer_id, invoice)
        self.open[invoice_id] = amount
        self.due[invoice_id] = due or on
        self._add(
            ledger.InvoiceIssued(
                invoice_id=invoice_id,
                entity=self.entity,
                number=invoice,
                order_number=order,
                issue_date=on,
                currency=self.currency,
                total_minor=amount,
                penalty_pct_per_day=Decimal("0.05"),
                security_rank=0,
                instalments=[self._instalment(invoice_id, amount)],
            )
        )

    def cancel(self, invoice: str) -> None:
        """Cancel an invoice with what is still open of it."""
        invoice_id = derived_id(self.customer_id, invoice)
        change = self._change(invoice, -self.open[invoice_id])
        self._add(
            ledger.InvoiceCancelled(
                invoice_id=invoice_id,
                entity=self.entity,
                number=invoice,
                currency=self.currency,
                reason="mistake",
                changes=[change],
            )
        )

    def credit(self, note: str, invoice: str, amount: int) -> None:
        """Credit an invoice; what is not open of it any more is unapplied."""
        lowered = min(amount, self.open[derived_id(self.customer_id, invoice)])
        self.unapplied += amount - lowered
        self._add(
            ledger.CreditNoteIssued(
                credit_note_id=derived_id(self.customer_id, note),
                entity=self.entity,
                number=note,
                invoice_id=derived_id(self.customer_id, invoice),
                currency=self.currency,
                total_minor=amount,
                unapplied_after_minor=amount - lowered,
                reason="returned",
                changes=[self._change(invoice, -lowered)],
            )
        )

    def pay(self, payment: str, amount: int, *invoices: str, on: date = TODAY) -> int:
        """Pay, and settle the invoices as far as the money goes; return what stays unapplied of it."""
        self.unapplied += amount
        self._add(
            ledger.PaymentReceived(
                payment_id=derived_id(self.customer_id, payment),
                entity=self.entity,
                source="bank",
                reference=payment,
                currency=self.currency,
                amount_minor=amount,
                received_date=on,
            )
        )
        rest, changes = amount, []
        for invoice in invoices:
            part = min(rest, self.open[derived_id(self.customer_id, invoice)])
            changes.append(self._change(invoice, -part, on=on))
            rest -= part
        if changes:
            self.unapplied -= amount - rest
            self._add(
                ledger.PaymentAllocated(
                    credit_id=derived_id(self.customer_id, payment),
                    credit_kind="payment",
                    entity=self.entity,
                    currency=self.currency,
                    unapplied_before_minor=amount,
                    unapplied_after_minor=rest,
                    changes=changes,
                )
            )
        return rest

    def reverse(self, payment: str, invoice: str, amount: int, unapplied: int, *, on: date = TODAY) -> None:
        """Reverse a payment: what it had settled of the invoice is open again, its unapplied rest is gone."""
        self.unapplied -= unapplied
        self._add(
            ledger.PaymentReversed(
                payment_id=derived_id(self.customer_id, payment),
                entity=self.entity,
                currency=self.currency,
                reason="bounced",
                reversed_date=on,
                unapplied_before_minor=unapplied,
                unapplied_after_minor=0,
                changes=[self._change(invoice, amount, on=on)],
            )
        )

    def refund(self, payment: str, amount: int, unapplied: int) -> None:
        """Pay unapplied money back."""
        self.unapplied -= amount
        self._add(
            ledger.PaymentRefunded(
                payment_id=derived_id(self.customer_id, payment),
                refund_id=derived_id(self.customer_id, f"refund/{payment}"),
                entity=self.entity,
                currency=self.currency,
                amount_minor=amount,
                unapplied_before_minor=unapplied,
                unapplied_after_minor=unapplied - amount,
            )
        )

    def end_promise(self, promise: str, kind: type[PromiseEnding] = collections.PromiseBroken) -> None:
        """Let collections say how a promise ended."""
        self._add(
            kind(
                promise_id=derived_id(self.customer_id, promise),
                entity=self.entity,
                currency=self.currency,
                amount_minor=100,
                paid_minor=0 if kind is collections.PromiseBroken else 100,
                instalment_ids=[],
            )
        )

    def dispute(self, invoice: str, amount: int) -> None:
        """Let collections open a dispute about a part of an invoice."""
        self._add(collections.DisputeOpened(**self._contested(invoice, amount), reason="quality"))

    def settle_dispute(self, invoice: str, amount: int) -> None:
        """Let collections reject it."""
        contested = self._contested(invoice, amount)
        self._add(collections.DisputeResolved(**contested, outcome="rejected", credited_minor=0, dunning_from=TODAY))

    def stop_supply(self) -> None:
        """Let collections ask for the stop that a manager approved."""
        case_id = derived_id(self.customer_id, "case")
        self._add(collections.SupplyStopRequested(case_id=case_id, entity=self.entity, reason="formal_demand"))

    def _contested(self, invoice: str, amount: int) -> dict[str, Any]:
        invoice_id = derived_id(self.customer_id, invoice)
        return {
            "dispute_id": derived_id(invoice_id, "dispute"),
            "entity": self.entity,
            "invoice_id": invoice_id,
            "instalment_id": derived_id(invoice_id, "1"),
            "currency": self.currency,
            "amount_minor": amount,
        }

    def _change(self, invoice: str, delta: int, *, on: date = TODAY) -> ledger.InstalmentChange:
        invoice_id = derived_id(self.customer_id, invoice)
        before = self.open[invoice_id]
        self.open[invoice_id] = before + delta
        return ledger.InstalmentChange(
            instalment_id=derived_id(invoice_id, "1"),
            invoice_id=invoice_id,
            invoice_number=invoice,
            ordinal=1,
            due_date=self.due[invoice_id],
            open_before_minor=before,
            open_after_minor=before + delta,
            rule="designation",
            effective_date=on,
            episode=1,
        )

    def _instalment(self, invoice_id: UUID, amount: int) -> ledger.IssuedInstalment:
        return ledger.IssuedInstalment(
            instalment_id=derived_id(invoice_id, "1"), ordinal=1, due_date=self.due[invoice_id], amount_minor=amount
        )

    def _add(self, event: Event) -> None:
        event_id = derived_id(self.customer_id, "event", len(self.facts))
        self.facts.append(Received(event, envelope(event_id, event.wire, self.customer_id)))


def envelope(event_id: UUID, wire: str, customer_id: UUID | None) -> Envelope:
    """An envelope as the ledger would write it."""
    return Envelope(
        event_id=event_id,
        wire=wire,
        source="ledger",
        subject=str(event_id),
        recorded_at=NOW,
        business_date=TODAY,
        effective_date=TODAY,
        customer_id=customer_id,
        correlation_id=TRACE[3:35],
        causation_id=ROOT,
        actor="erp",
        traceparent=TRACE,
        epoch=1,
        sequence=1,
        previous_id=None,
    )


async def follow(engine: AsyncEngine, batches: Iterable[Sequence[Received]], *, today: date = TODAY) -> None:
    """Apply batches as the messaging core does: each in a transaction that holds its customers."""
    subscription = CreditSubscription(Outbox(PARTITIONS), FixedClock(NOW), POLICY)
    for batch in batches:
        async with engine.begin() as connection:
            ids = {each.envelope.customer_id for each in batch if each.envelope.customer_id}
            await lock_customers(connection, ids, partitions=PARTITIONS)
            await subscription.apply(connection, batch, today=today)


async def open_day(engine: AsyncEngine, day: date) -> None:
    """Let a business day come in every partition, without its work."""
    async with engine.begin() as connection:
        for partition in range(PARTITIONS):
            await connection.execute(
                text(
                    "INSERT INTO day_seen (partition_no, day) VALUES (:partition, :day) "
                    "ON CONFLICT (partition_no) DO UPDATE SET day = excluded.day"
                ),
                {"partition": partition, "day": day},
            )


async def work_day(engine: AsyncEngine, day: date, *, policy: Policy = POLICY) -> int:
    """Do the day's work for all whose date has come; return how many they were."""
    subscription = CreditSubscription(Outbox(PARTITIONS), FixedClock(NOW), policy)
    async with engine.begin() as connection:
        due = text("SELECT customer_id FROM customer WHERE next_date <= :day ORDER BY customer_id")
        ids = list(await connection.scalars(due, {"day": day}))
        marker = envelope(derived_id(ROOT, "marker", str(day)), ledger.BusinessDayReached.wire, None)
        if ids:
            partition = partition_of(ids[0], PARTITIONS)
            await subscription.work_day(connection, ids, day=Day(day, marker, partition))
        return len(ids)


async def rows(engine: AsyncEngine, sql: str, **values: Any) -> list[Any]:
    """Read rows as tuples."""
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(sql), values)]
