"""Whether every day was marked once in every partition, and every debt became overdue once in an episode."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

from checker.findings import Check, Finding
from checker.histories import History, Told
from shared.contracts.event import DayWorked
from shared.contracts.ledger import BusinessDayReached, InvoiceOverdue, PaymentAllocated

_MARKERS = (".day-worked.v1", ".business-day-reached.v1")

MARKED_ONCE = Check(
    name="day-marked-once",
    invariant="16",
    sentence="Every partition has one marker for each day, in order, and one DayWorked of each service that works it.",
)
OVERDUE_ONCE = Check(
    name="overdue-once",
    invariant="15",
    sentence="InvoiceOverdue was published once per instalment and episode, on the day after its due date or later.",
)


def check_markers(histories: Mapping[str, History]) -> Finding:
    """Return which partition of which topic lacks a day's marker or has it twice."""
    compared, wrong = 0, []
    for service, history in histories.items():
        for partition_no, events in history.partitions.items():
            days = [_day(each) for each in events if each.envelope.wire.endswith(_MARKERS)]
            compared += len(days)
            wrong += [
                f"{service}/{partition_no}: {day} after {before}"
                for before, day in pairwise(days)
                if day != before + timedelta(days=1)
            ]
    return MARKED_ONCE.found(compared=compared, differences=wrong)


def check_overdue(ledger: History) -> Finding:
    """Return which debts became overdue more than once in an episode, or before their time."""
    events = overdue_events(ledger)
    times = Counter((event.instalment_id, event.episode) for event in events)
    twice = [f"instalment {key[0]}, episode {key[1]}: {count} times" for key, count in times.items() if count > 1]
    early = [
        f"event {told.envelope.event_id}: due {event.due_date}"
        for told, event in zip(ledger.events(InvoiceOverdue.wire), events, strict=True)
        if told.envelope.business_date <= event.due_date
    ]
    return OVERDUE_ONCE.found(compared=len(events), differences=twice + early)


def overdue_events(ledger: History) -> list[InvoiceOverdue]:
    """Return what was published of debts that became overdue."""
    return [InvoiceOverdue.model_validate_json(told.body) for told in ledger.events(InvoiceOverdue.wire)]


def standing_overdue(ledger: History) -> list[InvoiceOverdue]:
    """Return those that no payment undid by having been effective in time (L7)."""
    allocated = (PaymentAllocated.model_validate_json(told.body) for told in ledger.events(PaymentAllocated.wire))
    undone = {
        (change.instalment_id, change.episode)
        for event in allocated
        for change in event.changes
        if change.undoes_overdue
    }
    return [event for event in overdue_events(ledger) if (event.instalment_id, event.episode) not in undone]


def _day(told: Told) -> date:
    marker = BusinessDayReached if told.envelope.wire == BusinessDayReached.wire else DayWorked
    return marker.model_validate_json(told.body).day
