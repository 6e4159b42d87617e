"""What the ledger is told once more, after a restore, gets the same ids: documents as well as events (P4, L2)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text

from services.ledger.tests.rest import ENTITY, House, make_house
from shared.ids import document_id_of
from tests.databases import FreshDatabase

_CONTRACT = {
    "entity": "acme",
    "reference": "V-1",
    "customer_number": "C-1",
    "currency": "CNY",
    "terms": {"kind": "net", "days": 30},
}
_NOTE = {
    "entity": "acme",
    "number": "CN-1",
    "customer_number": "C-1",
    "invoice_number": "I-3",
    "issue_date": "2026-01-03",
    "currency": "CNY",
    "total": "10.00",
    "tax": "0",
    "reason": "goodwill",
}


@asynccontextmanager
async def _house(fresh_database: FreshDatabase, folder: Path) -> AsyncIterator[House]:
    house = make_house(await fresh_database("ledger"), folder)
    try:
        yield house
    finally:
        await house.client.aclose()
        await house.context.wake.close()
        await house.context.engine.dispose()


async def _trade(house: House) -> None:
    """Record a document of each kind, undo what can be undone, and let days find debts overdue before and after."""
    await house.open("2026-01-01")
    await house.done("/entities", ENTITY)
    await house.done("/contracts", _CONTRACT)
    for number, due in (("I-1", "2026-01-01"), ("I-2", "2026-02-01"), ("I-3", "2026-01-02")):
        await house.invoice(number, "100.00", due)
    mistaken = await house.invoice("I-4", "100.00", "2026-02-01")
    await house.invoice("I-5", "100.00", "2026-02-01", issue_date="2026-01-03")
    await house.open("2026-01-03")
    payment = await house.pay("P-1", "150.00", "2026-01-02", remittance=[{"invoice_number": "I-1"}])
    await house.done("/credit-notes", _NOTE)
    await house.done(f"/invoices/{mistaken['invoice_id']}/cancellation", {"number": "S-1", "reason": "mistake"})
    spare = await house.pay("P-2", "500.00", "2026-01-03")
    refund = {"reference": "R-1", "amount": "20.00", "refunded_date": "2026-01-03"}
    await house.done(f"/payments/{spare['payment_id']}/refund", refund)
    bounced = {"reason": "bounced", "reversed_date": "2026-01-03"}
    await house.done(f"/payments/{payment['payment_id']}/reversal", bounced)


async def _told(house: House) -> set[tuple[str, str, str]]:
    async with house.context.engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT event_id, wire, body FROM outbox WHERE wire <> 'ledger.entity-recorded.v1'")
        )
        return {(str(row.event_id), row.wire, row.body) for row in rows}


async def test_p4_the_same_documents_and_days_make_the_same_events(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """P4: other requests, keys and instants; so that what the topics hold of a lost database is not told twice."""
    async with _house(fresh_database, tmp_path) as lost, _house(fresh_database, tmp_path) as restored:
        await _trade(lost)
        await _trade(restored)
        told = await _told(lost)
        assert told == await _told(restored)
    assert {wire for _, wire, _ in told} == {
        f"ledger.{each}.v1"
        for each in (
            *("business-day-reached", "contract-recorded", "credit-note-issued", "invoice-cancelled"),
            *("invoice-issued", "invoice-overdue", "invoice-reopened", "invoice-settled"),
            *("payment-allocated", "payment-received", "payment-refunded", "payment-reversed"),
        )
    }


async def test_p4_an_overdue_is_the_same_whoever_finds_it(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    """P4, L7: the day found it; after a restore the clock may open that day before the invoice is said again."""
    async with _house(fresh_database, tmp_path) as lost, _house(fresh_database, tmp_path) as restored:
        for house in (lost, restored):
            await house.open("2026-01-01")
            await house.done("/entities", ENTITY)
        await lost.invoice("I-1", "100.00", "2026-01-01")
        await lost.open("2026-01-02")
        await restored.open("2026-01-02")
        await restored.invoice("I-1", "100.00", "2026-01-01")
        assert await _told(lost) == await _told(restored)


def test_l2_no_two_documents_share_an_id() -> None:
    """L2: whatever signs their numbers have, and whatever they are."""
    ids = {
        document_id_of(*parts)
        for parts in (
            ("invoice", "a", "b/c"),
            ("invoice", "a/b", "c"),
            ("payment", "a", "b/c"),
            ("invoice", "a", 'b","c'),
        )
    }
    assert len(ids) == 4
