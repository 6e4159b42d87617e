"""What two services must agree on, compared partition by partition at a common position (invariant 5).

A reader's copy equals its publisher's state once the reader has applied the last event that the publisher wrote. So a
partition is compared in the first pair of snapshots in which both stand at the same number; under load some partitions
are compared now and some a moment later, and nothing is ever stopped.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from checker.findings import Check
from checker.snapshot import Snapshot

Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(Check):
    """Two queries that must give the same: rows of a key (text) and a figure; zero is as good as absent."""

    publisher: str
    reader: str
    said: str
    heard: str

    async def compare(
        self, publisher: Snapshot, reader: Snapshot, partitions: Collection[int]
    ) -> tuple[int, list[str]]:
        """Return how many keys were compared in these partitions, and how they differ."""
        said = await _figures(publisher, self.said, partitions)
        heard = await _figures(reader, self.heard, partitions)
        keys = sorted(said.keys() | heard.keys())
        differences = [
            f"{key}: {self.publisher} {said.get(key, 0)}, {self.reader} {heard.get(key, 0)}"
            for key in keys
            if said.get(key, 0) != heard.get(key, 0)
        ]
        return len(keys), differences


async def _figures(snapshot: Snapshot, sql: str, partitions: Collection[int]) -> Figures:
    rows = await snapshot.rows(sql, partitions=sorted(partitions))
    return {row.key: row.figure for row in rows}


_HERE = "partition_no = ANY(CAST(:partitions AS smallint[]))"
_DISPUTED = f"""
    SELECT 'instalment ' || instalment_id AS key, CAST(sum(amount_minor) AS bigint) AS figure
    FROM dispute WHERE outcome IS NULL AND {_HERE} GROUP BY instalment_id
"""


def _open(table: str, noun: str) -> str:
    what = f"'{noun} ' || {noun}_id AS key, open_minor AS figure"
    return f"SELECT {what} FROM {table} WHERE open_minor > 0 AND {_HERE}"


AGREEMENTS = (
    Agreement(
        name="collections-open",
        invariant="5",
        sentence="Collections sees every instalment as open as the ledger does.",
        publisher="ledger",
        reader="collections",
        said=_open("instalment", "instalment"),
        heard=_open("receivable", "instalment"),
    ),
    Agreement(
        name="notifications-open",
        invariant="5",
        sentence="Notifications sees every instalment as open as the ledger does.",
        publisher="ledger",
        reader="notifications",
        said=_open("instalment", "instalment"),
        heard=_open("debt", "instalment"),
    ),
    Agreement(
        name="credit-open",
        invariant="5",
        sentence="Credit sees every invoice as open as the ledger does.",
        publisher="ledger",
        reader="credit",
        said=_open("invoice", "invoice"),
        heard=_open("receivable", "invoice"),
    ),
    Agreement(
        name="credit-exposure",
        invariant="5",
        sentence="A customer's exposure is what the ledger has open, less unapplied credit, plus live reservations.",
        publisher="ledger",
        reader="credit",
        said=f"""
            SELECT 'customer ' || customer_id || ' ' || currency AS key, CAST(sum(minor) AS bigint) AS figure
            FROM (
                SELECT customer_id, currency, open_minor AS minor FROM instalment WHERE {_HERE}
                UNION ALL SELECT customer_id, currency, -unapplied_minor FROM payment WHERE {_HERE}
                UNION ALL SELECT customer_id, currency, -unapplied_minor FROM credit_note WHERE {_HERE}
            ) AS each
            GROUP BY customer_id, currency
        """,
        heard=f"""
            SELECT 'customer ' || e.customer_id || ' ' || e.currency AS key,
                e.open_minor + e.reserved_minor - e.unapplied_minor - coalesce(r.minor, 0) AS figure
            FROM exposure AS e JOIN customer AS c USING (customer_id) LEFT JOIN (
                SELECT customer_id, currency, CAST(sum(rest_minor) AS bigint) AS minor
                FROM reservation WHERE state = 'live' GROUP BY customer_id, currency
            ) AS r USING (customer_id, currency)
            WHERE c.{_HERE}
        """,
    ),
    Agreement(
        name="disputes-known",
        invariant="5",
        sentence="The ledger knows of every instalment how much of it is disputed.",
        publisher="collections",
        reader="ledger",
        said=_DISPUTED,
        heard=f"""
            SELECT 'instalment ' || instalment_id AS key, disputed_minor AS figure
            FROM instalment WHERE disputed_minor > 0 AND {_HERE}
        """,
    ),
    Agreement(
        name="credit-disputes",
        invariant="5",
        sentence="Credit leaves out of every debt what is disputed of it, and nothing else.",
        publisher="collections",
        reader="credit",
        said=_DISPUTED,
        heard=f"""
            SELECT 'instalment ' || instalment_id AS key, CAST(sum(amount_minor) AS bigint) AS figure
            FROM open_dispute WHERE {_HERE} GROUP BY instalment_id
        """,
    ),
    Agreement(
        name="reminders-known",
        invariant="12",
        sentence="Notifications decides once on every reminder that collections planned, and on no other.",
        publisher="collections",
        reader="notifications",
        said=f"SELECT 'reminder ' || reminder_id AS key, 1 AS figure FROM reminder WHERE {_HERE}",
        heard=f"""
            SELECT 'reminder ' || reminder_id AS key,
                   CAST(count(*) FILTER (WHERE NOT accompanies) AS integer) AS figure
            FROM message WHERE {_HERE} GROUP BY reminder_id
        """,
    ),
    Agreement(
        name="sent-reminders-known",
        invariant="12",
        sentence="Collections knows which reminders were sent.",
        publisher="notifications",
        reader="collections",
        said=f"""
            SELECT DISTINCT 'reminder ' || reminder_id AS key, 1 AS figure
            FROM message WHERE state = 'sent' AND {_HERE}
        """,
        heard=f"SELECT 'reminder ' || reminder_id AS key, 1 AS figure FROM reminder WHERE state = 'sent' AND {_HERE}",
    ),
)
