"""Loads and saves what credit holds of its customers at present, and the disputes that take debts out of it."""

import json
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.limits import Temporary
from services.credit.domain.newcomers import Growth
from services.credit.domain.risk import Risk
from shared.money import Money
from shared.rows import Rows, upsert_rows
from shared.web.cursor import Position

_PLAIN = (
    "customer_id", "partition_no", "light", "terms_days", "oldest_due_date", "first_invoice_date", "paid_invoices",
    "limit_source", "hold_id", "told_date",
)  # fmt: skip
_LISTS = ("light_reasons", "terms_reasons", "promises_broken")
_RISK = Rows.of(
    "risk",
    key=("customer_id",),
    customer_id="uuid",
    partition_no="smallint",
    light="text",
    light_reasons="jsonb",
    terms_days="integer",
    terms_reasons="jsonb",
    oldest_due_date="date",
    promises_broken="jsonb",
    first_invoice_date="date",
    paid_invoices="integer",
    growth_steps="integer",
    quarter_start="date",
    limit_source="text",
    given_minor="bigint",
    given_currency="text",
    computed_minor="bigint",
    computed_currency="text",
    temporary_minor="bigint",
    temporary_currency="text",
    temporary_until="date",
    secured_minor="bigint",
    secured_currency="text",
    hold_id="uuid",
    told_date="date",
)
_LISTING = text("""
    SELECT customer_id, p.customer_number, p.grade, coalesce(r.light, 'green') AS light,
           CAST(coalesce(r.light_reasons, '[]') AS text) AS light_reasons, r.terms_days,
           CAST(coalesce(r.terms_reasons, '[]') AS text) AS terms_reasons, p.limit_minor, p.limit_currency,
           r.limit_source, r.hold_id
    FROM profile AS p LEFT JOIN risk AS r USING (customer_id)
    WHERE (CAST(:customer_id AS uuid) IS NULL OR customer_id = :customer_id)
      AND (CAST(:light AS text) IS NULL OR coalesce(r.light, 'green') = :light)
      AND (CAST(:after AS text) IS NULL OR p.customer_number > CAST(:after AS text))
    ORDER BY p.customer_number LIMIT :rows
""")
_LOADED = text(f"""
    SELECT c.customer_id AS id, c.partition_no AS partition,
           {", ".join(f"CAST(r.{name} AS text)" if kind == "jsonb" else f"r.{name}" for name, kind in _RISK.types)}
    FROM customer AS c LEFT JOIN risk AS r USING (customer_id)
    WHERE c.customer_id = ANY(CAST(:ids AS uuid[]))
""")


async def load_risks(connection: AsyncConnection, customer_ids: Collection[UUID]) -> dict[UUID, Risk]:
    """Return the risks of known customers; one of whom nothing was ever derived has an empty one."""
    rows = await connection.execute(_LOADED, {"ids": sorted(set(customer_ids))})
    return {row.id: _risk(row) if row.light else Risk(customer_id=row.id, partition_no=row.partition) for row in rows}


async def list_risks(
    connection: AsyncConnection, *, customer_id: UUID | None, light: str | None, after: Position | None, rows: int
) -> list[Row[Any]]:
    """Return up to `rows` registered customers with what is held of them behind the position `after`, by number."""
    parameters = {"customer_id": customer_id, "light": light, "after": after[0] if after else None, "rows": rows}
    return list(await connection.execute(_LISTING, parameters))


async def save_risks(connection: AsyncConnection, risks: Iterable[Risk]) -> None:
    """Insert or replace risks."""
    await upsert_rows(connection, _RISK, [_row(each) for each in risks])


def _row(risk: Risk) -> dict[str, Any]:
    temporary = risk.temporary
    return {
        **{name: getattr(risk, name) for name in (*_PLAIN, *_LISTS)},
        **_money("given", risk.given),
        **_money("computed", risk.computed),
        **_money("temporary", temporary.limit if temporary else None),
        **_money("secured", risk.secured),
        "temporary_until": temporary.until_date if temporary else None,
        "growth_steps": risk.growth.steps,
        "quarter_start": risk.growth.quarter_start,
    }


def _risk(row: Row[Any]) -> Risk:
    temporary = _sum(row, "temporary")
    light_reasons, terms_reasons, broken = (json.loads(getattr(row, name)) for name in _LISTS)
    return Risk(
        **{name: getattr(row, name) for name in _PLAIN},
        light_reasons=tuple(light_reasons),
        terms_reasons=tuple(terms_reasons),
        promises_broken=tuple(date.fromisoformat(each) for each in broken),
        growth=Growth(row.growth_steps, row.quarter_start),
        given=_sum(row, "given"),
        computed=_sum(row, "computed"),
        secured=_sum(row, "secured"),
        temporary=Temporary(temporary, row.temporary_until) if temporary else None,
    )


def _money(name: str, amount: Money | None) -> dict[str, Any]:
    return {f"{name}_minor": amount.minor if amount else None, f"{name}_currency": amount.currency if amount else None}


def _sum(row: Row[Any], name: str) -> Money | None:
    currency = getattr(row, f"{name}_currency")
    return Money(getattr(row, f"{name}_minor"), currency) if currency else None
