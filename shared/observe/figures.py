"""Figures that only the database knows: a worker reads them now and then, and shows them beside what it counts."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from prometheus_client import Gauge
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

EVERY_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Figure:
    """A gauge and the statement that fills it: a row per value, its labels first; as cheap as it is often asked."""

    gauge: Gauge
    statement: str


async def keep_reading(engine: AsyncEngine, figures: Sequence[Figure]) -> None:
    """Read all figures for ever; while the database is away they stay as they were."""
    while True:
        with suppress(SQLAlchemyError, OSError):
            await read_figures(engine, figures)
        await asyncio.sleep(EVERY_SECONDS)


async def read_figures(engine: AsyncEngine, figures: Sequence[Figure]) -> None:
    """Read each figure once; a label whose row is gone is shown no more."""
    async with engine.connect() as connection:
        for figure in figures:
            _show(figure.gauge, list(await connection.execute(text(figure.statement))))


def _show(gauge: Gauge, rows: Sequence[Row[Any]]) -> None:
    if rows and len(rows[0]) == 1:
        gauge.set(rows[0][0])
        return
    gauge.clear()
    for row in rows:
        gauge.labels(*row[:-1]).set(row[-1])
