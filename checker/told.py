"""Whether everything that was recorded was told by its event, once, and no event tells of what is not there (7, 12)."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from checker.findings import Check, Finding
from checker.histories import History
from checker.snapshot import Snapshot
from shared.contracts import collections, credit, ledger, notifications
from shared.contracts.event import Event

RECORDED_AND_TOLD = Check(
    name="recorded-and-told",
    invariant="7",
    sentence="Every document and decision was told by its event, once; no event tells of one that was not recorded.",
)

Heard = Mapping[str, Counter[str]]
"""By type of event: how often each subject was told of."""


@dataclass(frozen=True, slots=True)
class Tale:
    """`recorded` yields each subject (text) and how often its event must be told; null where any number is right."""

    service: str
    event: type[Event]
    recorded: str


def _each(table: str, *, subject: str = "", times: str = "1") -> str:
    return f"SELECT CAST({subject or table + '_id'} AS text) AS subject, {times} AS times FROM {table}"


TALES = (
    # Of an invoice whose issue date has not come, or that was canceled before, nobody has heard.
    Tale(
        "ledger",
        ledger.InvoiceIssued,
        _each("invoice", times="CASE state WHEN 'issued' THEN 1 WHEN 'pending' THEN 0 END"),
    ),
    Tale("ledger", ledger.PaymentReceived, _each("payment")),
    Tale("ledger", ledger.PaymentReversed, _each("payment_reversal", subject="payment_id")),
    Tale("ledger", ledger.PaymentRefunded, _each("refund", subject="payment_id", times="count(*)") + " GROUP BY 1"),
    Tale("ledger", ledger.CreditNoteIssued, _each("credit_note")),
    Tale("ledger", ledger.ContractRecorded, _each("contract")),
    Tale("credit", credit.CreditReserved, _each("reservation")),
    Tale("credit", credit.CreditHoldPlaced, _each("hold")),
    Tale("collections", collections.CaseOpened, _each("collection_case", subject="case_id")),
    Tale("collections", collections.ReminderPlanned, _each("reminder")),
    Tale("collections", collections.TaskAssigned, _each("task")),
    Tale("collections", collections.DisputeOpened, _each("dispute")),
    # What was only proposed, or refused, or withdrawn before it was approved, did not come to be.
    Tale(
        "collections",
        collections.PromiseMade,
        """
        SELECT CAST(promise_id AS text) AS subject,
            CASE WHEN state IN ('proposed', 'refused') OR t.outcome <> 'approved' THEN 0 ELSE 1 END AS times
        FROM promise LEFT JOIN task AS t ON t.subject_id = promise_id AND t.kind = 'approve_promise'
        """,
    ),
    Tale("collections", collections.PauseStarted, _each("pause")),
    Tale("notifications", notifications.MessageSent, _each("message", times="CASE WHEN state = 'sent' THEN 1 END")),
)


def told_by(history: History, outbox: Sequence[Row[Any]]) -> Heard:
    """Return what was told, or will be: the topic, and what of the outbox has not got there yet."""
    events = {each.envelope.event_id: (each.envelope.wire, each.envelope.subject) for each in history.all()}
    events |= {row.event_id: (row.wire, row.subject) for row in outbox}
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for wire, subject in events.values():
        found[wire][subject] += 1
    return found


async def check_told(tale: Tale, snapshot: Snapshot, told: Heard) -> Finding:
    """Compare what one table holds with what was told of it; `snapshot` is not older than `told`."""
    times = {row.subject: row.times for row in await snapshot.rows(tale.recorded)}
    heard = told.get(tale.event.wire, Counter())
    differences = [
        f"{tale.event.wire} of {subject}: told {heard[subject]} times, recorded {times.get(subject, 0)} times"
        for subject in sorted(times.keys() | heard.keys())
        if times.get(subject, 0) not in {None, heard[subject]}
    ]
    return RECORDED_AND_TOLD.found(compared=len(times), differences=differences)
