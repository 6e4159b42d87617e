"""Keeps the answers of changing requests in the transaction of their effects, so that a repeat gets the same bytes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, DateTime, Index, LargeBinary, MetaData, SmallInteger, Table, Text, func, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.web.idempotency import Intent, StoredAnswer, Work

KEPT_DAYS = 30

_INTENTS = "unnest(CAST(:caller AS text[]), CAST(:route AS text[]), CAST(:key AS text[])"
_SAME = "t.caller = r.caller AND t.route = r.route AND t.key = r.key"

_RESERVE = text(f"""
    INSERT INTO idempotency (caller, route, key, request_hash)
    SELECT * FROM {_INTENTS}, CAST(:request_hash AS bytea[])) AS r(caller, route, key, request_hash)
    ORDER BY r.caller, r.route, r.key
    ON CONFLICT DO NOTHING
    RETURNING caller, route, key
""")
_READ = text(f"""
    SELECT t.caller, t.route, t.key, t.request_hash, t.status, t.body, t.content_type
    FROM idempotency AS t JOIN {_INTENTS}) AS r(caller, route, key) ON {_SAME}
""")
_KEEP = text(f"""
    UPDATE idempotency AS t SET status = r.status, body = r.body, content_type = r.content_type
    FROM {_INTENTS}, CAST(:status AS smallint[]), CAST(:body AS bytea[]), CAST(:content_type AS text[]))
      AS r(caller, route, key, status, body, content_type) WHERE {_SAME}
""")
_RELEASE = text(f"DELETE FROM idempotency AS t USING {_INTENTS}) AS r(caller, route, key) WHERE {_SAME}")
_PRUNE = text("DELETE FROM idempotency WHERE created_at < now() - make_interval(days => :days)")


def idempotency_table(metadata: MetaData) -> Table:
    """Return the table; an answer is null only inside the transaction that reserves its intent and then fills it."""
    return Table(
        "idempotency",
        metadata,
        Column("caller", Text, primary_key=True),
        Column("route", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("request_hash", LargeBinary, nullable=False),
        Column("status", SmallInteger),
        Column("body", LargeBinary),
        Column("content_type", Text),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Index("idempotency_created_at", "created_at"),
        # Room on the page for the answer, which follows its reservation at once (a HOT update).
        postgresql_with={"fillfactor": 50},
    )


async def reserve(connection: AsyncConnection, works: Collection[Work[Any]]) -> set[Intent]:
    """Return the intents that are new and now ours until the transaction ends.

    An intent that another transaction is just working on is waited for: afterward it has an answer, or it is ours.
    """
    if not works:
        return set()
    parameters = {**_columns([work.intent for work in works]), "request_hash": [work.request_hash for work in works]}
    rows = await connection.execute(_RESERVE, parameters)
    return {Intent(*row) for row in rows}


async def read(connection: AsyncConnection, intents: Sequence[Intent]) -> dict[Intent, tuple[bytes, StoredAnswer]]:
    """Return the request's hash and the answer for each intent that has one."""
    if not intents:
        return {}
    rows = await connection.execute(_READ, _columns(intents))
    return {
        Intent(row.caller, row.route, row.key): (row.request_hash, StoredAnswer(row.status, row.body, row.content_type))
        for row in rows
    }


async def keep(connection: AsyncConnection, answers: Mapping[Intent, StoredAnswer]) -> None:
    """Store the answers of intents reserved in this transaction."""
    if not answers:
        return
    parameters = {
        **_columns(answers),
        "status": [answer.status for answer in answers.values()],
        "body": [answer.body for answer in answers.values()],
        "content_type": [answer.content_type for answer in answers.values()],
    }
    await connection.execute(_KEEP, parameters)


async def release(connection: AsyncConnection, intents: Collection[Intent]) -> None:
    """Give up reserved intents that were refused: the same key may come again, with the same body or a better one."""
    if intents:
        await connection.execute(_RELEASE, _columns(intents))


async def prune(connection: AsyncConnection, *, days: int = KEPT_DAYS) -> int:
    """Delete answers older than `days` and return how many they were."""
    return (await connection.execute(_PRUNE, {"days": days})).rowcount


def _columns(intents: Collection[Intent]) -> dict[str, list[str]]:
    return {name: [getattr(intent, name) for intent in intents] for name in Intent._fields}
