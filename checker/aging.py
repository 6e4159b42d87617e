"""Whether the aging report of the last closed day, asked through the API, is what the movements give (invariant 17)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dueflow_client.ledger import LedgerClient

from checker.findings import Check, Finding
from checker.snapshot import Snapshot
from shared.money import parse_amount

ADDS_UP = Check(
    name="aging-adds-up",
    invariant="17",
    sentence="The aging of the last closed day, bucket by bucket and customer by customer, is what the movements give.",
)

_BUCKETS = ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus")
_COLUMNS = (*_BUCKETS, "open", "unapplied")
_LAST_CLOSED = "SELECT max(day) AS day FROM business_day WHERE state = 'closed'"
# What was known then never changes again, so that the report and this query may come moments apart.
_AGED = """
    SELECT entity || ' ' || currency || ' ' || customer_id AS key,
        sum(owed) FILTER (WHERE late <= 0) AS not_due, sum(owed) FILTER (WHERE late BETWEEN 1 AND 30) AS d1_30,
        sum(owed) FILTER (WHERE late BETWEEN 31 AND 60) AS d31_60,
        sum(owed) FILTER (WHERE late BETWEEN 61 AND 90) AS d61_90, sum(owed) FILTER (WHERE late > 90) AS d91_plus,
        sum(owed) AS open, sum(unapplied) AS unapplied
    FROM (
        SELECT entity, currency, customer_id, CAST(:day AS date) - due_date AS late, delta_minor AS owed, 0 AS unapplied
        FROM movement WHERE effective_date <= CAST(:day AS date) AND recorded_day <= CAST(:day AS date)
        UNION ALL SELECT entity, currency, customer_id, NULL, 0, delta_minor
        FROM credit_movement WHERE effective_date <= CAST(:day AS date) AND recorded_day <= CAST(:day AS date)
    ) AS each
    GROUP BY entity, currency, customer_id
"""

Aged = Mapping[str, tuple[int, ...]]


async def check_aging(snapshot: Snapshot, ledger: LedgerClient) -> Finding:
    """Compare the report by customer with the sums of the movements by due date."""
    (last,) = await snapshot.rows(_LAST_CLOSED)
    if last.day is None:
        return ADDS_UP.found(compared=0, differences=())
    summed = {
        row.key: tuple(int(getattr(row, each) or 0) for each in _COLUMNS)
        for row in await snapshot.rows(_AGED, day=last.day)
    }
    reported = await _report(ledger, last.day)
    keys = sorted(
        key for key in summed.keys() | reported.keys() if any(summed.get(key, ())) or any(reported.get(key, ()))
    )
    differences = [
        f"{key} on {last.day}: report {reported.get(key)}, movements {summed.get(key)}"
        for key in keys
        if reported.get(key) != summed.get(key)
    ]
    return ADDS_UP.found(compared=len(keys), differences=differences)


async def _report(ledger: LedgerClient, day: date) -> Aged:
    lines = [each async for each in ledger.aging_by_customer(as_of=day, basis="known_then")]
    return {f"{line['entity']} {line['currency']} {line['customer_id']}": _minor(line) for line in lines}


def _minor(line: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(parse_amount(line[each], line["currency"]) for each in _COLUMNS)
