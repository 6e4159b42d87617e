"""Loads and saves what is known of customers, with the rows that lock them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.financials import BankSummary, Financials
from services.credit.domain.profile import Profile
from services.credit.store.facts import read_figures, to_json
from services.credit.store.values import row_of
from shared.money import Money
from shared.rows import Rows, upsert_rows
from shared.web.cursor import Position

_PROFILE = Rows.of(
    "profile",
    key=("customer_id",),
    customer_id="uuid",
    partition_no="smallint",
    customer_number="text",
    name="text",
    tax_number="text",
    kind="text",
    country="text",
    industry="text",
    group_code="text",
    grade="text",
    key_customer="boolean",
    top_by_sales="boolean",
    limit_minor="bigint",
    limit_currency="text",
    registration_number="text",
    registration_state="text",
    registered_capital_minor="bigint",
    registered_capital_currency="text",
    founding_date="date",
    annual_sales_minor="bigint",
    annual_sales_currency="text",
    industry_standing="text",
    financials="jsonb",
    bank_summary="jsonb",
    judgments_count="integer",
    enforcements_count="integer",
    insured_amount_minor="bigint",
    insured_amount_currency="text",
    size_class="text",
    blacklist_reason="text",
    insolvency_date="date",
    version="integer",
)
_FIGURES: dict[str, type[Financials | BankSummary]] = {"financials": Financials, "bank_summary": BankSummary}
_MONEY = ("limit", "registered_capital", "annual_sales", "insured_amount")
_COLUMNS = ", ".join(f"p.{name}" for name, _ in _PROFILE.types)
_LOCKED = text(f"""
    SELECT c.customer_id AS id, c.partition_no AS partition, c.parked_at, c.next_date,
           greatest(d.day, r.told_date) AS day, {_COLUMNS}
    FROM customer AS c LEFT JOIN profile AS p USING (customer_id) LEFT JOIN risk AS r USING (customer_id)
    LEFT JOIN day_seen AS d ON d.partition_no = c.partition_no
    WHERE c.customer_id = ANY(CAST(:ids AS uuid[]))
""")
_BY_ID = text(f"SELECT {_COLUMNS} FROM profile AS p WHERE p.customer_id = :customer_id")
_LISTING = text(f"""
    SELECT {_COLUMNS} FROM profile AS p
    WHERE (CAST(:customer_number AS text) IS NULL OR p.customer_number = :customer_number)
      AND (CAST(:group_code AS text) IS NULL OR p.group_code = :group_code)
      AND (CAST(:industry AS text) IS NULL OR p.industry = :industry)
      AND (CAST(:after AS text) IS NULL OR p.customer_number > CAST(:after AS text))
    ORDER BY p.customer_number LIMIT :rows
""")


@dataclass(frozen=True, slots=True)
class Known:
    """A locked customer: its profile where there is one, whether it is parked, and the business date it lives in.

    That is the latest whose marker has come, or that was told of the customer ahead of it.
    """

    customer_id: UUID
    partition_no: int
    parked_at: datetime | None
    next_date: date | None
    today: date | None
    profile: Profile | None


async def load_known(connection: AsyncConnection, customer_ids: Collection[UUID]) -> dict[UUID, Known]:
    """Return what is known of these customers; their rows must be locked, so none is missing."""
    rows = await connection.execute(_LOCKED, {"ids": sorted(set(customer_ids))})
    return {
        row.id: Known(
            row.id, row.partition, row.parked_at, row.next_date, row.day, _profile(row) if row.version else None
        )
        for row in rows
    }


async def load_profile(connection: AsyncConnection, customer_id: UUID) -> Profile | None:
    """Return one customer's profile."""
    row = (await connection.execute(_BY_ID, {"customer_id": customer_id})).one_or_none()
    return _profile(row) if row is not None else None


async def list_profiles(
    connection: AsyncConnection,
    *,
    customer_number: str | None,
    group: str | None,
    industry: str | None,
    after: Position | None,
    rows: int,
) -> list[Profile]:
    """Return up to `rows` profiles behind the position `after`, by number."""
    parameters = {
        "customer_number": customer_number,
        "group_code": group,
        "industry": industry,
        "after": after[0] if after else None,
        "rows": rows,
    }
    return [_profile(row) for row in await connection.execute(_LISTING, parameters)]


async def save_profiles(connection: AsyncConnection, profiles: Iterable[Profile]) -> None:
    """Insert or replace profiles; their groups must exist."""
    await upsert_rows(connection, _PROFILE, [_row(each) for each in profiles])


def _row(profile: Profile) -> dict[str, Any]:
    row = row_of(profile) | {"group_code": profile.group}
    row |= {name: to_json(row[name]) for name in _FIGURES}
    for name in _MONEY:
        money: Money | None = row[name]
        row |= {f"{name}_minor": money.minor if money else None, f"{name}_currency": money.currency if money else None}
    return row


def _profile(row: Row[Any]) -> Profile:
    values = {name: getattr(row, name) for name, _ in _PROFILE.types}
    for name in _MONEY:
        minor, currency = values.pop(f"{name}_minor"), values.pop(f"{name}_currency")
        values[name] = Money(minor, currency) if currency else None
    for name, kind in _FIGURES.items():
        values[name] = read_figures(kind, values[name]) if values[name] else None
    group = values.pop("group_code")
    return Profile(**values, group=group)
