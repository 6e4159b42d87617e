"""Reads the journal: its entries in order of posting, and the balances of its accounts (L14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Posted:
    """One side of an entry: a debit is positive, a credit negative."""

    account: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A balanced entry of one document."""

    entry_id: UUID
    entity: str
    currency: str
    customer_id: UUID
    posting_date: date
    effective_date: date
    document_kind: str
    document_id: UUID
    document_number: str
    recorded_at: datetime
    postings: tuple[Posted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFilter:
    """Which entries are asked for: of one entity or all, posted from `first` to `last`."""

    entity: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """What was debited to and credited on an account of one entity and currency; `accounts` is the entity's chart."""

    entity: str
    accounts: str
    currency: str
    account: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Return the debit balance; negative where credits prevail."""
        return self.debit_minor - self.credit_minor


_ENTRIES = text("""
    SELECT e.entry_id, e.entity, CAST(e.currency AS text) AS currency, e.customer_id, e.posting_date, e.effective_date,
        e.document_kind, e.document_id, e.document_number, e.recorded_at,
        (SELECT json_agg(json_build_array(p.account, p.amount_minor) ORDER BY p.ordinal)
         FROM posting AS p WHERE p.entry_id = e.entry_id) AS postings
    FROM journal_entry AS e
    WHERE e.posting_date >= coalesce(CAST(:first AS date), '-infinity')
        AND e.posting_date <= coalesce(CAST(:last AS date), 'infinity')
        AND e.entity = coalesce(CAST(:entity AS text), e.entity)
        AND (CAST(:after_date AS date) IS NULL OR (e.posting_date, e.entity, e.entry_id)
            > (CAST(:after_date AS date), CAST(:after_entity AS text), CAST(:after_id AS uuid)))
    ORDER BY e.posting_date, e.entity, e.entry_id
    LIMIT :limit
""")
_BALANCES = text("""
    SELECT e.entity, n.accounts, CAST(e.currency AS text) AS currency, p.account,
        CAST(coalesce(sum(p.amount_minor) FILTER (WHERE p.amount_minor > 0), 0) AS bigint) AS debit_minor,
        CAST(coalesce(-sum(p.amount_minor) FILTER (WHERE p.amount_minor < 0), 0) AS bigint) AS credit_minor
    FROM journal_entry AS e JOIN posting AS p USING (entry_id) JOIN entity AS n USING (entity)
    WHERE e.posting_date <= CAST(:as_of AS date) AND e.entity = coalesce(CAST(:entity AS text), e.entity)
    GROUP BY e.entity, n.accounts, e.currency, p.account
    ORDER BY e.entity, e.currency, p.account
""")


async def entries(
    connection: AsyncConnection, asked: JournalFilter, *, limit: int, after: tuple[date, str, UUID] | None = None
) -> Sequence[Entry]:
    """Return at most `limit` entries behind `after` (posting date, entity, entry), in that order."""
    after_date, after_entity, after_id = after or (None, None, None)
    parameters = {
        "first": asked.first,
        "last": asked.last,
        "entity": asked.entity,
        "limit": limit,
        "after_date": after_date,
        "after_entity": after_entity,
        "after_id": after_id,
    }
    rows = (await connection.execute(_ENTRIES, parameters)).mappings()
    return [Entry(**{**row, "postings": tuple(Posted(*each) for each in row["postings"])}) for row in rows]


async def balances(connection: AsyncConnection, *, as_of: date, entity: str | None) -> Sequence[AccountBalance]:
    """Return the balance of every account that was posted to by `as_of`."""
    rows = await connection.execute(_BALANCES, {"as_of": as_of, "entity": entity})
    return [AccountBalance(**row) for row in rows.mappings()]
