"""What the ledger does on the events of the other services: days that are worked, and disputes (L7, K10)."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.ledger.consumers import make_subscription
from services.ledger.tests.identities import IDENTITIES
from services.ledger.tests.rest import ENTITY, House, make_house
from shared.contracts import collections, credit
from shared.contracts.event import Event
from shared.ids import customer_id_of, derived_id
from shared.messaging.customers import lock_customers
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import Received, Refused
from tests.databases import FreshDatabase

TODAY = date(2026, 1, 1)


def received(event: Event, number: int, *, customer: str | None = "C-1") -> Received:
    """Return an event as it comes from another service."""
    envelope = Envelope(
        event_id=derived_id(UUID(int=3), "event", number),
        wire=event.wire,
        source="dueflow/test",
        subject="test",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
        business_date=TODAY,
        effective_date=TODAY,
        customer_id=customer_id_of(customer) if customer else None,
        correlation_id="correlation",
        causation_id=UUID(int=4),
        actor="test",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        epoch=1,
        sequence=number,
        previous_id=None,
    )
    return Received(event, envelope)


async def apply(house: House, batch: Sequence[Received]) -> None:
    """Apply a batch as the core does: under the customers' locks, in one transaction."""
    subscription = make_subscription(house.context)
    async with house.context.begin() as connection:
        customers = {each.envelope.customer_id for each in batch if each.envelope.customer_id}
        await lock_customers(connection, customers, partitions=house.context.partitions)
        await subscription.apply(connection, batch, today=TODAY)


def dispute(invoice: dict[str, Any], number: int, *, credited_minor: int | None = None) -> Received:
    """Return the opening of a dispute of 30.00, or its end with so much granted."""
    facts: dict[str, Any] = {
        "dispute_id": derived_id(UUID(int=5), "dispute", invoice["number"]),
        "entity": "acme",
        "invoice_id": UUID(invoice["invoice_id"]),
        "instalment_id": UUID(invoice["instalments"][-1]["instalment_id"]),
        "currency": "CNY",
        "amount_minor": 3000,
    }
    if credited_minor is None:
        return received(collections.DisputeOpened(**facts, reason="damaged"), number)
    end = collections.DisputeResolved(
        **facts, outcome="partly_credited", credited_minor=credited_minor, dunning_from=TODAY
    )
    return received(end, number)


async def test_a_dispute_is_flagged_and_what_is_granted_becomes_a_credit_note(house: House) -> None:
    """K10: on the contested instalment first, with its part of the tax; once, however often it is heard."""
    two = [{"due_date": "2026-02-01", "amount": "56.50"}, {"due_date": "2026-03-01", "amount": "56.50"}]
    lines = [{"description": "Bolts", "amount": "100.00"}]
    invoice = await house.invoice("I-1", "113.00", "", instalments=two, lines=lines, tax="13.00")
    await apply(house, [dispute(invoice, 1)])
    flags = "SELECT disputed_minor, open_minor FROM instalment ORDER BY ordinal"
    assert [tuple(each.values()) for each in await house.rows(flags)] == [(0, 5650), (3000, 5650)]
    await house.published()
    await apply(house, [dispute(invoice, 2, credited_minor=2260)])
    assert [tuple(each.values()) for each in await house.rows(flags)] == [(0, 5650), (0, 3390)]
    [(name, event)] = await house.published()
    assert (name, event["reason"], event["number"][:3]) == ("credit-note-issued", "dispute", "CN-")
    assert await house.rows("SELECT tax_minor FROM credit_note") == [{"tax_minor": 260}]


async def test_a_dispute_about_an_unknown_invoice_is_refused_as_bad_by_itself(house: House) -> None:
    """Architecture, how a fact travels, 7: it is parked, and the partition goes on."""
    unknown = {"number": "I-9", "invoice_id": str(UUID(int=6)), "instalments": [{"instalment_id": str(UUID(int=7))}]}
    with pytest.raises(Refused):
        await apply(house, [dispute(unknown, 1, credited_minor=1)])


async def test_a_worked_day_is_noted_once_for_each_partition(house: House) -> None:
    """L7: the same marker again changes nothing."""
    markers = [received(credit.DayWorked(day=TODAY), number, customer=None) for number in (1, 2)]
    await apply(house, markers)
    await apply(house, markers[:1])
    assert await house.rows("SELECT service, count(*) FROM worked_day GROUP BY service") == [
        {"service": "credit", "count": 2}
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_however_events_are_cut_into_batches_rows_and_outbox_are_equal(
    fresh_database: FreshDatabase, tmp_path: Path, seed: int
) -> None:
    """Architecture, load, fold, save: the same records one by one, and in random batches."""
    dumps = []
    for whole in (True, False):
        house = make_house(await fresh_database("ledger"), tmp_path)
        await house.open("2026-01-01")
        await house.done("/entities", ENTITY)
        events = []
        for number in range(6):
            invoice = await house.invoice(f"I-{number}", "100.00", "2026-02-01")
            events += [
                dispute(invoice, 2 * number),
                dispute(invoice, 2 * number + 1, credited_minor=1000 * (number % 3)),
            ]
        await house.published()
        cut = random.Random(seed)  # noqa: S311 - a repeatable sequence, no secret
        while events:
            size = len(events) if whole else cut.randint(1, len(events))
            await apply(house, events[:size])
            events = events[size:]
        dumps.append((await dump(house), await house.published()))
        await house.client.aclose()
        await house.context.engine.dispose()
    assert _without_ids(dumps[0]) == _without_ids(dumps[1])


async def dump(house: House) -> list[dict[str, Any]]:
    """Return what the events changed, under the numbers of documents."""
    assert [await house.rows(query) for query in IDENTITIES.values()] == [[] for _ in IDENTITIES]
    return await house.rows("""
        SELECT v.number, i.open_minor, i.disputed_minor, n.number AS note, n.total_minor, n.unapplied_minor
        FROM invoice AS v JOIN instalment AS i USING (invoice_id) LEFT JOIN credit_note AS n USING (invoice_id)
        ORDER BY v.number
    """)


def _without_ids(dumped: tuple[list[dict[str, Any]], list[tuple[str, dict[str, Any]]]]) -> Any:
    rows, events = dumped
    return rows, [(name, body["number"], body["total_minor"], body["unapplied_after_minor"]) for name, body in events]
