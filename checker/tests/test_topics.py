"""What is read from Kafka is held to its outbox, its order, its days, and the claims made on it (8-11, 13, 15, 16)."""

from dataclasses import asdict, replace
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from checker.claims import Claim, check_claims
from checker.histories import History, first_copies
from checker.markers import check_markers, check_overdue
from checker.outboxes import check_order, compare_outbox
from checker.tests.told import CUSTOMER, TOPIC, envelope, history, record
from shared.contracts import collections, credit, ledger
from shared.contracts.event import Event
from shared.messaging.envelope import to_headers
from shared.messaging.kafka import Record

INVOICE, INSTALMENT, PAYMENT, RESTING = (UUID(int=number) for number in range(11, 15))
DAY = date(2025, 1, 2)


def told(*records: Record) -> History:
    """Return the history of one partition with these records."""
    found = History("ledger")
    found.partitions[0] = list(first_copies(found, list(records)))
    return found


def again(number: int, under: int, *, offset: int) -> Record:
    """Return the event of one number as a record of another."""
    copied = replace(envelope(under), event_id=envelope(number).event_id)
    return Record(TOPIC, 0, offset, to_headers(copied), b"{}", str(CUSTOMER).encode())


def outbox_of(*numbers: int) -> list[Any]:
    """Return outbox rows as the topic's records have them."""
    hashes = {
        each.envelope.sequence: each.body_sha256 for each in told(*(record(n, offset=n) for n in numbers)).partitions[0]
    }
    return [
        SimpleNamespace(
            **asdict(envelope(number)), key=str(CUSTOMER), partition_no=0, withheld=False, body_sha256=hashes[number]
        )
        for number in numbers
    ]


def test_invariant_11_copies_are_harmless_when_they_are_equal() -> None:
    """11: a record sent again under its number is the same event."""
    found = told(
        record(1, offset=0), record(2, offset=1), record(1, offset=2), record(2, offset=3), record(3, offset=4)
    )
    assert check_order({"ledger": found}).holds
    assert found.count() == 3


@pytest.mark.parametrize(
    ("records", "difference"),
    [
        ([record(1, offset=0), record(3, offset=1)], "dueflow.ledger/0 offset 1: number 3 after 1"),
        ([record(2, offset=0)], "dueflow.ledger/0 offset 0: number 2 after 0"),
        (
            [record(1, offset=0), record(1, offset=1, body=b"[]")],
            f"dueflow.ledger/0 offset 1: event {envelope(1).event_id}",
        ),
        (
            [record(1, offset=0), again(1, 2, offset=1)],
            f"dueflow.ledger/0 offset 1: event {envelope(1).event_id} under another number",
        ),
        ([Record(TOPIC, 0, 0, [], b"{}")], "dueflow.ledger/0 offset 0"),
    ],
)
def test_invariant_11_holes_and_unlike_copies_are_found(records: list[Record], difference: str) -> None:
    """11: a missing number, another body under a number, a record without an envelope."""
    assert check_order({"ledger": told(*records)}).differences == (difference,)


def test_invariant_8_what_was_acknowledged_is_in_the_topic() -> None:
    """8: a lost event is missed, one that Kafka does not have to have yet is not."""
    found = told(record(1, offset=0), record(2, offset=1))
    published, _ = compare_outbox(found, outbox_of(1, 2, 3), {0: (1, 2)})
    assert (published.compared, published.holds) == (2, True)
    published, _ = compare_outbox(found, outbox_of(1, 2, 3), {0: (1, 3)})
    assert published.differences == ("ledger/0 epoch 1 number 3",)


def test_invariant_8_an_event_that_was_withheld_is_missed_until_it_comes_whole() -> None:
    """8, faults 2.19: its place is kept, so the order holds; its body is not in the topic until it is sent again."""
    withheld = Record(TOPIC, 0, 0, to_headers(replace(envelope(1), withheld_bytes=9)), None, str(CUSTOMER).encode())
    kept = told(withheld, record(2, offset=1))
    assert check_order({"ledger": kept}).holds
    assert compare_outbox(kept, outbox_of(1, 2), {0: (1, 2)})[0].differences == ("ledger/0 epoch 1 number 1",)
    assert [each.envelope.sequence for each in kept.whole()] == [2]
    healed = told(withheld, record(2, offset=1), record(1, offset=2))
    assert check_order({"ledger": healed}).holds
    assert compare_outbox(healed, outbox_of(1, 2), {0: (1, 2)})[0].holds


@pytest.mark.parametrize("column", ["event_id", "key", "body_sha256", "business_date", "actor", "previous_id"])
def test_invariant_8_an_edited_outbox_row_is_found(column: str) -> None:
    """8: the id, the key, the body and whatever else the topic has are those in the outbox."""
    rows = outbox_of(1)
    setattr(rows[0], column, "another")
    published, ghosts = compare_outbox(told(record(1, offset=0)), rows, {0: (1, 1)})
    assert not published.holds
    assert not ghosts.holds


def test_invariant_9_a_ghost_is_found_and_a_pruned_row_is_none() -> None:
    """9: below the oldest row that is kept nothing can be said; above it every event has its row."""
    found = told(record(1, offset=0), record(2, offset=1), record(3, offset=2))
    _, ghosts = compare_outbox(found, outbox_of(1, 2, 3)[1:], {0: (1, 3)})
    assert (ghosts.compared, ghosts.holds) == (2, True)
    first, _, last = outbox_of(1, 2, 3)
    first.withheld = True
    _, ghosts = compare_outbox(found, [first, last], {0: (1, 3)})
    assert (ghosts.compared, ghosts.holds) == (1, True), "what was withheld is kept alone"
    last.withheld = True
    assert compare_outbox(found, [first, last], {0: (1, 3)})[1].compared == 1
    _, ghosts = compare_outbox(found, outbox_of(1, 2), {0: (1, 2)})
    assert ghosts.differences == ("ledger/0 epoch 1 number 3",)


@pytest.mark.parametrize(("days", "holds"), [((0, 1, 2), True), ((0, 1, 1), False), ((0, 2), False), ((1, 0), False)])
def test_invariant_16_every_day_has_one_marker(days: tuple[int, ...], *, holds: bool) -> None:
    """16: no day is missing, doubled or out of order, at the ledger or at those who work it."""
    opened: list[Event] = [ledger.BusinessDayReached(day=DAY + timedelta(days=each)) for each in days]
    worked: list[Event] = [credit.DayWorked(day=DAY + timedelta(days=each)) for each in days]
    assert check_markers({"ledger": history("ledger", opened)}).holds is holds
    assert check_markers({"credit": history("credit", worked)}).holds is holds


def overdue(episode: int) -> ledger.InvoiceOverdue:
    """Return what is published of a debt due on the first of January."""
    return ledger.InvoiceOverdue(
        invoice_id=INVOICE,
        instalment_id=INSTALMENT,
        entity="qinghe",
        number="R-1",
        ordinal=1,
        due_date=date(2025, 1, 1),
        currency="CNY",
        open_minor=100,
        episode=episode,
    )


def test_invariant_15_a_debt_is_overdue_once_in_an_episode_and_not_on_its_due_date() -> None:
    """15: a reversal begins another episode; the same one twice, or the due date itself, is wrong."""
    assert check_overdue(history("ledger", [overdue(1), overdue(2)])).holds
    assert check_overdue(history("ledger", [overdue(1), overdue(1)])).wrong == 1
    assert check_overdue(history("ledger", [overdue(1)], days=[date(2025, 1, 1)])).wrong == 1


ISSUED = ledger.InvoiceIssued(
    invoice_id=INVOICE,
    entity="qinghe",
    number="R-1",
    issue_date=date(2024, 12, 1),
    currency="CNY",
    total_minor=100,
    penalty_pct_per_day=Decimal("0.05"),
    security_rank=0,
    instalments=[
        ledger.IssuedInstalment(instalment_id=INSTALMENT, ordinal=1, due_date=date(2025, 1, 1), amount_minor=100)
    ],
)
PAID = ledger.PaymentAllocated(
    credit_id=PAYMENT,
    credit_kind="payment",
    entity="qinghe",
    currency="CNY",
    unapplied_before_minor=60,
    unapplied_after_minor=0,
    changes=[
        ledger.InstalmentChange(
            instalment_id=INSTALMENT,
            invoice_id=INVOICE,
            invoice_number="R-1",
            ordinal=1,
            due_date=date(2025, 1, 1),
            open_before_minor=100,
            open_after_minor=40,
            rule="designation",
            effective_date=DAY,
            episode=1,
        )
    ],
)
_OF_CASE = {"entity": "qinghe", "currency": "CNY"}
DISPUTED = collections.DisputeOpened(
    dispute_id=RESTING, invoice_id=INVOICE, instalment_id=INSTALMENT, amount_minor=30, reason="quality", **_OF_CASE
)
RESOLVED = collections.DisputeResolved(
    dispute_id=RESTING,
    invoice_id=INVOICE,
    instalment_id=INSTALMENT,
    amount_minor=30,
    outcome="rejected",
    credited_minor=0,
    dunning_from=DAY,
    **_OF_CASE,
)
PROMISED = collections.PromiseMade(
    promise_id=RESTING, amount_minor=100, promised_date=DAY, lapses_date=DAY, instalment_ids=[], **_OF_CASE
)
KEPT = collections.PromiseKept(promise_id=RESTING, amount_minor=100, paid_minor=100, instalment_ids=[], **_OF_CASE)
PAUSED = collections.PauseStarted(pause_id=RESTING, scope="customer", start_date=date(2025, 1, 1), reason="agreed")
ENDED = collections.PauseEnded(pause_id=RESTING, end_date=DAY, reason="over")


@pytest.mark.parametrize(
    ("heard", "stated", "holds"),
    [
        ([], 100, True),
        ([], 101, False),
        ([PAID], 40, True),
        ([PAID], 100, False),
        ([DISPUTED], 70, True),
        ([DISPUTED], 100, False),
        ([DISPUTED, RESOLVED], 100, True),
        ([PROMISED], 100, False),
        ([PROMISED, KEPT], 100, True),
        ([PAUSED], 100, False),
        ([PAUSED, ENDED], 100, True),
    ],
)
def test_invariant_13_a_claim_is_held_to_what_was_known_at_its_positions(
    heard: list[Event], stated: int, *, holds: bool
) -> None:
    """13: paid, disputed, promised and paused debts are not asked for; what was told later is not held against it."""
    of_ledger: list[Event] = [ISSUED, *(each for each in heard if each.wire.startswith("ledger."))]
    of_collections = [each for each in heard if each.wire.startswith("collections.")]
    histories = {
        "ledger": history("ledger", [*of_ledger, PAID.model_copy(update={"changes": []})]),
        "collections": history("collections", [*of_collections, PROMISED]),
    }
    positions = (len(of_ledger), len(of_collections))
    claim = Claim(UUID(int=77), CUSTOMER, DAY, positions, {INSTALMENT: stated})
    assert check_claims([claim], histories).holds is holds
