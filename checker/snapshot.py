"""The four databases, each read in one transaction that may not write, and how far each has heard the others."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

_HEADS = """
    SELECT h.partition_no, h.epoch, h.sequence, EXISTS (
        SELECT FROM outbox AS o WHERE o.partition_no = h.partition_no AND o.sequence IS NULL
    ) AS more FROM stream_head AS h
"""
_SESSION = {
    "application_name": "dueflow-checker",
    "default_transaction_read_only": "on",
    "statement_timeout": "300000",
    "idle_in_transaction_session_timeout": "600000",
}
_POSITIONS = "SELECT topic, partition_no, epoch, sequence FROM stream_position"


Number = tuple[int, int]
"""An epoch, and a number in it."""


class Head(NamedTuple):
    """The last number given out in a partition; `more` while an event waits for its own."""

    number: Number
    more: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One service's database as it stood at one moment."""

    service: str
    connection: AsyncConnection

    async def rows(self, sql: str, **values: Any) -> list[Row[Any]]:
        """Return the rows of a query."""
        return list(await self.connection.execute(text(sql), values))

    async def stream(self, sql: str) -> AsyncIterator[Row[Any]]:
        """Yield the rows of a query as they come, so that a table of any length fits into memory."""
        async with self.connection.stream(text(sql)) as rows:
            async for row in rows:
                yield row

    async def heads(self) -> dict[int, Head]:
        """Return where each partition of its stream stands."""
        return {row.partition_no: Head((row.epoch, row.sequence), row.more) for row in await self.rows(_HEADS)}

    async def positions(self) -> dict[tuple[str, int], Number]:
        """Return the last number heard, by topic and partition."""
        return {(row.topic, row.partition_no): (row.epoch, row.sequence) for row in await self.rows(_POSITIONS)}


@asynccontextmanager
async def take_snapshots(urls: Mapping[str, str]) -> AsyncIterator[dict[str, Snapshot]]:
    """Open one read-only snapshot per service, as close together as four connections allow."""
    async with AsyncExitStack() as stack:
        snapshots: dict[str, Snapshot] = {}
        for service, url in urls.items():
            engine = create_async_engine(
                url,
                poolclass=NullPool,
                isolation_level="REPEATABLE READ",
                execution_options={"postgresql_readonly": True},
                # Whatever the role may do: this session changes nothing, and nobody waits for it for ever.
                connect_args={"timeout": 5, "server_settings": _SESSION},
            )
            stack.push_async_callback(engine.dispose)
            snapshots[service] = Snapshot(service, await stack.enter_async_context(engine.connect()))
        # The snapshot itself is taken by the first query.
        for snapshot in snapshots.values():
            await snapshot.rows("SELECT 1")
        yield snapshots
