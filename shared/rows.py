"""Writes many rows in one statement by `unnest`, so that a batch costs the same few round trips whatever its size."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rows:
    """The shape of a table as the store writes it: PostgreSQL type by column, and the key that orders the rows."""

    table: str
    key: tuple[str, ...]
    types: tuple[tuple[str, str], ...]

    @staticmethod
    def of(table: str, *, key: Sequence[str], **types: str) -> "Rows":
        """Declare a shape: `Rows.of("invoice", key=["invoice_id"], invoice_id="uuid", lines="jsonb")`."""
        return Rows(table, tuple(key), tuple(types.items()))


async def insert_rows(connection: AsyncConnection, shape: Rows, rows: Iterable[Row]) -> None:
    """Insert `rows` in the order of their key; a duplicate raises IntegrityError."""
    await _write(connection, shape, rows, _insert(shape, ""))


async def insert_missing(connection: AsyncConnection, shape: Rows, rows: Iterable[Row]) -> int:
    """Insert the rows whose key (or any other unique value) is not there yet, leave the others; return how many."""
    return await _write(connection, shape, rows, _insert(shape, "ON CONFLICT DO NOTHING"))


async def upsert_rows(connection: AsyncConnection, shape: Rows, rows: Iterable[Row]) -> None:
    """Insert `rows`, or replace all other columns of those whose key exists."""
    others = ", ".join(f"{name} = excluded.{name}" for name, _ in shape.types if name not in shape.key)
    action = f"DO UPDATE SET {others}" if others else "DO NOTHING"
    await _write(connection, shape, rows, _insert(shape, f"ON CONFLICT ({', '.join(shape.key)}) {action}"))


async def update_rows(connection: AsyncConnection, shape: Rows, rows: Iterable[Row]) -> None:
    """Set the non-key columns of the rows found by key; a key that is not there changes nothing."""
    await _write(connection, shape, rows, _update(shape))


@lru_cache
def _insert(shape: Rows, conflict: str) -> TextClause:
    names = ", ".join(name for name, _ in shape.types)
    return text(f"INSERT INTO {shape.table} ({names}) SELECT {_selected(shape)} FROM {_unnest(shape)} {conflict}")


@lru_cache
def _update(shape: Rows) -> TextClause:
    values = ", ".join(f"{name} = {_value(name, kind)}" for name, kind in shape.types if name not in shape.key)
    match = " AND ".join(f"t.{name} = r.{name}" for name in shape.key)
    return text(f"UPDATE {shape.table} AS t SET {values} FROM {_unnest(shape)} WHERE {match}")


def _selected(shape: Rows) -> str:
    return ", ".join(_value(name, kind) for name, kind in shape.types)


def _value(name: str, kind: str) -> str:
    return f"CAST(r.{name} AS jsonb)" if kind == "jsonb" else f"r.{name}"


def _unnest(shape: Rows) -> str:
    arrays = ", ".join(f"CAST(:{name} AS {'text' if kind == 'jsonb' else kind}[])" for name, kind in shape.types)
    return f"unnest({arrays}) AS r({', '.join(name for name, _ in shape.types)})"


async def _write(connection: AsyncConnection, shape: Rows, rows: Iterable[Row], statement: TextClause) -> int:
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in shape.key))
    if not ordered:
        return 0
    parameters = {
        name: [json.dumps(row[name], default=str) if kind == "jsonb" else row[name] for row in ordered]
        for name, kind in shape.types
    }
    return (await connection.execute(statement, parameters)).rowcount
