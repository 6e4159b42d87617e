"""Two services are compared where they stand at the same number; one edited row is a difference (5, 10, 12)."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from checker.agreement import AGREEMENTS, Agreement
from checker.common_position import compare_services
from checker.findings import Finding
from checker.tests.seeding import Rows, drop_guards, seed
from tests.databases import FreshDatabase

CUSTOMER, INVOICE, INSTALMENT, REMINDER = (UUID(int=number) for number in range(1, 5))
_WHOSE = {"customer_id": CUSTOMER, "currency": "CNY"}
_DEBT = {**_WHOSE, "instalment_id": INSTALMENT, "open_minor": 60}
_RESERVED = {**_WHOSE, "state": "live", "rest_minor": 5}

SAID: dict[str, Rows] = {
    "ledger": [
        ("invoice", {**_WHOSE, "invoice_id": INVOICE, "open_minor": 60}),
        ("instalment", {**_DEBT, "invoice_id": INVOICE, "disputed_minor": 10}),
        ("payment", {**_WHOSE, "unapplied_minor": 20}),
        ("credit_note", {**_WHOSE, "unapplied_minor": 10}),
    ],
    "credit": [
        ("receivable", {**_WHOSE, "invoice_id": INVOICE, "open_minor": 60}),
        ("balance", {**_WHOSE, "open_minor": 60, "unapplied_minor": 30}),
        ("reservation", _RESERVED),
        ("open_dispute", {"instalment_id": INSTALMENT, "amount_minor": 10}),
    ],
    "collections": [
        ("receivable", _DEBT),
        ("dispute", {"instalment_id": INSTALMENT, "amount_minor": 10}),
        ("reminder", {"reminder_id": REMINDER, "state": "sent"}),
    ],
    "notifications": [("debt", _DEBT), ("message", {"reminder_id": REMINDER, "state": "sent"})],
}
EDITS = {
    "collections-open": ("collections", "UPDATE receivable SET open_minor = 61"),
    "notifications-open": ("notifications", "DELETE FROM debt"),
    "credit-open": ("credit", "UPDATE receivable SET open_minor = 59"),
    "credit-exposure": ("ledger", "UPDATE payment SET unapplied_minor = 19"),
    "disputes-known": ("ledger", "UPDATE instalment SET disputed_minor = 0"),
    "credit-disputes": ("credit", "UPDATE open_dispute SET amount_minor = 9"),
    "reminders-known": ("collections", "UPDATE reminder SET reminder_id = gen_random_uuid()"),
    "sent-reminders-known": ("collections", "UPDATE reminder SET state = 'planned'"),
}


async def execute(url: str, *statements: str) -> None:
    """Do and commit."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def prepared(fresh_database: FreshDatabase, agreement: Agreement) -> dict[str, str]:
    """Return the databases of the two services of an agreement, both at the fifth event of the publisher."""
    urls = {service: await fresh_database(service) for service in (agreement.publisher, agreement.reader)}
    for service, url in urls.items():
        at_five = (
            ("stream_head", {"partition_no": 0, "sequence": 5})
            if service == agreement.publisher
            else (
                "stream_position",
                {"topic": f"dueflow.{agreement.publisher}", "partition_no": 0, "epoch": 1, "sequence": 5},
            )
        )
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.begin() as connection:
            await drop_guards(connection)
            await seed(connection, [("customer", {"customer_id": CUSTOMER}), *SAID[service], at_five])
        await engine.dispose()
    return urls


async def compare(urls: dict[str, str], agreements: Sequence[Agreement]) -> list[Finding]:
    """Compare without waiting."""
    return await compare_services(urls, agreements, topic_prefix="dueflow.", patience_seconds=0)


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda each: each.name)
async def test_invariant_5_services_agree_until_a_row_is_edited(
    fresh_database: FreshDatabase, agreement: Agreement
) -> None:
    """5, 12: each agreement compares something, holds, and fails when one row of one side is edited."""
    urls = await prepared(fresh_database, agreement)
    heard, agreed = await compare(urls, [agreement])
    assert (heard.compared, heard.holds, agreed.compared, agreed.differences) == (1, True, 1, ())
    service, edit = EDITS[agreement.name]
    await execute(urls[service], edit)
    _, agreed = await compare(urls, [agreement])
    assert agreed.wrong > 0


async def test_invariant_10_a_reader_that_is_behind_is_told_and_not_compared(fresh_database: FreshDatabase) -> None:
    """10: what was not heard yet is no difference of figures, but it is a finding when patience ends."""
    urls = await prepared(fresh_database, AGREEMENTS[0])
    await execute(urls["ledger"], "UPDATE stream_head SET sequence = 6", "UPDATE instalment SET open_minor = 1")
    heard, agreed = await compare(urls, AGREEMENTS[:1])
    assert heard.differences == ("collections in ledger/0 at 5 of 6",)
    assert (agreed.compared, agreed.holds) == (0, True)
