"""The creditors' bank accounts with who proposed and who decided; none is ever deleted."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.bank_account import BankAccount
from shared.rows import Rows, insert_rows, update_rows

_ACCOUNT = Rows.of(
    "bank_account",
    key=("account_id",),
    account_id="uuid",
    entity="text",
    currency="text",
    holder="text",
    bank="text",
    number="text",
    bic="text",
    valid_from="date",
    state="text",
    proposed_by="text",
    proposed_at="timestamptz",
    decided_by="text",
    decided_at="timestamptz",
)
_OF_ENTITIES = text(f"""
    SELECT {", ".join(each.name for each in fields(BankAccount))} FROM bank_account
    WHERE entity = ANY(CAST(:entities AS text[])) ORDER BY proposed_at, account_id
""")


async def accounts_of(connection: AsyncConnection, entities: Collection[str]) -> dict[str, list[BankAccount]]:
    """Return all accounts of each of these entities, the first proposed first; an entity has a handful."""
    found: dict[str, list[BankAccount]] = {each: [] for each in entities}
    rows = await connection.execute(_OF_ENTITIES, {"entities": sorted(set(entities))})
    for row in rows.mappings():
        found[row["entity"]].append(BankAccount(**row))
    return found


async def insert_accounts(connection: AsyncConnection, accounts: Sequence[BankAccount]) -> None:
    """Record new accounts."""
    await insert_rows(connection, _ACCOUNT, [asdict(each) for each in accounts])


async def save_decisions(connection: AsyncConnection, accounts: Sequence[BankAccount]) -> None:
    """Save what was decided on proposals; the database refuses to decide twice."""
    await update_rows(connection, _ACCOUNT, [asdict(each) for each in accounts])
