"""Loads and saves accounts: balances by entity and currency, receivables by invoice, reservations by order."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.account import Account, Balance, Receivable
from services.credit.domain.reservations import Reservation
from services.credit.store.reservations import load_live, save_reservations
from services.credit.store.values import row_of
from shared.rows import Rows, update_rows, upsert_rows

_BALANCE = Rows.of(
    "balance",
    key=("customer_id", "entity", "currency"),
    customer_id="uuid",
    entity="text",
    currency="text",
    partition_no="smallint",
    open_minor="bigint",
    unapplied_minor="bigint",
)
_RECEIVABLE = Rows.of(
    "receivable",
    key=("invoice_id",),
    invoice_id="uuid",
    customer_id="uuid",
    partition_no="smallint",
    entity="text",
    number="text",
    order_number="text",
    currency="text",
    total_minor="bigint",
    open_minor="bigint",
    matched_minor="bigint",
)
_MATCHED = Rows.of("receivable", key=("invoice_id",), invoice_id="uuid", matched_minor="bigint")
_INVOICE = "invoice_id, entity, number, order_number, currency, total_minor, open_minor, matched_minor"
_CUSTOMERS = text("SELECT customer_id, partition_no FROM customer WHERE customer_id = ANY(CAST(:ids AS uuid[]))")
_BALANCES = text(
    "SELECT customer_id, entity, currency, open_minor, unapplied_minor FROM balance "
    "WHERE customer_id = ANY(CAST(:ids AS uuid[]))"
)
_INVOICES = text(f"SELECT customer_id, {_INVOICE} FROM receivable WHERE invoice_id = ANY(CAST(:ids AS uuid[]))")
_UNMATCHED = text(f"""
    SELECT r.customer_id, {", ".join(f"r.{name}" for name in _INVOICE.split(", "))} FROM receivable AS r
    JOIN unnest(CAST(:ids AS uuid[]), CAST(:orders AS text[])) AS o(customer_id, order_number)
      ON r.customer_id = o.customer_id AND r.order_number = o.order_number
    WHERE r.matched_minor < r.total_minor
""")


@dataclass(frozen=True, slots=True)
class Loaded:
    """An account and how it was when it was loaded, so that only what differs is saved."""

    account: Account
    balances: Mapping[tuple[str, str], Balance]
    receivables: Mapping[UUID, Receivable]
    reservations: Mapping[UUID, Reservation]


async def load_accounts(
    connection: AsyncConnection, customer_ids: Collection[UUID], *, invoice_ids: Collection[UUID] = ()
) -> dict[UUID, Loaded]:
    """Return the accounts of locked customers: balances, live reservations, and those invoices that are named."""
    ids = {"ids": sorted(customer_ids)}
    rows = await connection.execute(_CUSTOMERS, ids)
    accounts = {row.customer_id: Account(customer_id=row.customer_id, partition_no=row.partition_no) for row in rows}
    for row in await connection.execute(_BALANCES, ids):
        balance = Balance(row.open_minor, row.unapplied_minor)
        accounts[row.customer_id].balances[row.entity, row.currency] = balance
    for row in await connection.execute(_INVOICES, {"ids": sorted(invoice_ids)}):
        if row.customer_id in accounts:
            accounts[row.customer_id].receivables[row.invoice_id] = _receivable(row)
    for reservation in await load_live(connection, customer_ids):
        accounts[reservation.customer_id].reservations[reservation.reservation_id] = reservation
    return {
        customer_id: Loaded(each, dict(each.balances), dict(each.receivables), dict(each.reservations))
        for customer_id, each in accounts.items()
    }


async def save_accounts(connection: AsyncConnection, loaded: Iterable[Loaded]) -> None:
    """Save every balance, receivable and reservation that differs from what was loaded."""
    balances: list[dict[str, Any]] = []
    receivables: list[dict[str, Any]] = []
    reservations: list[Reservation] = []
    for each in loaded:
        account = each.account
        owner = {"customer_id": account.customer_id, "partition_no": account.partition_no}
        for (entity, currency), balance in account.balances.items():
            if each.balances.get((entity, currency)) != balance:
                balances.append({**owner, "entity": entity, "currency": currency, **row_of(balance)})
        receivables += [
            {**owner, **row_of(invoice)}
            for invoice_id, invoice in account.receivables.items()
            if each.receivables.get(invoice_id) != invoice
        ]
        reservations += [
            reservation for key, reservation in account.reservations.items() if each.reservations[key] != reservation
        ]
    await upsert_rows(connection, _BALANCE, balances)
    await upsert_rows(connection, _RECEIVABLE, receivables)
    await save_reservations(connection, reservations)


async def load_unmatched(
    connection: AsyncConnection, orders: Collection[tuple[UUID, str]]
) -> dict[tuple[UUID, str], dict[UUID, Receivable]]:
    """Return, by customer and order number, the invoices that are not matched completely with their order, by id."""
    ordered = sorted(set(orders))
    parameters = {"ids": [customer_id for customer_id, _ in ordered], "orders": [number for _, number in ordered]}
    found: dict[tuple[UUID, str], dict[UUID, Receivable]] = {}
    for row in await connection.execute(_UNMATCHED, parameters):
        found.setdefault((row.customer_id, row.order_number), {})[row.invoice_id] = _receivable(row)
    return found


async def save_matched(connection: AsyncConnection, invoices: Iterable[Receivable]) -> None:
    """Save how much of each invoice has been matched."""
    await update_rows(connection, _MATCHED, [row_of(each) for each in invoices])


def _receivable(row: Row[Any]) -> Receivable:
    return Receivable(**{name: getattr(row, name) for name in _INVOICE.split(", ")})
