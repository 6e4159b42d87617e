"""A row that names one that is gone is found, and so is a customer who lies where he does not belong (7, 11)."""

from uuid import uuid5

import pytest
from sqlalchemy import text

from checker.findings import Check
from checker.references import IN_PLACE, KEPT, check_references
from checker.snapshot import Snapshot
from checker.tests.conftest import OpenDatabase
from checker.tests.seeding import seed
from shared.ids import customer_id_of, partition_of

NUMBER = "C-1"
CUSTOMER = customer_id_of(NUMBER)
PARTITIONS = 2
HERE = {"customer_id": CUSTOMER, "partition_no": partition_of(CUSTOMER, PARTITIONS)}
INVOICE = {**HERE, "customer_number": NUMBER, "currency": "CNY", "tax_minor": 0, "total_minor": 100, "open_minor": 0}
# The owner of a test's database may not turn off what a superuser may: he lets the key look away instead.
_DROP = "ALTER TABLE cancellation DROP CONSTRAINT cancellation_invoice_id_fkey"
_ADD = "ALTER TABLE cancellation ADD FOREIGN KEY (invoice_id) REFERENCES invoice NOT VALID"
EDITS = (
    (KEPT, f"{_DROP}; DELETE FROM invoice; {_ADD}"),
    (IN_PLACE, "UPDATE invoice SET partition_no = 1 - partition_no"),
    (IN_PLACE, "UPDATE invoice SET customer_number = 'C-2'"),
    (IN_PLACE, "DELETE FROM customer"),
    (IN_PLACE, "UPDATE customer SET partition_no = 1 - partition_no"),
    (IN_PLACE, "INSERT INTO stream_head (partition_no) VALUES (2), (3), (4), (5), (6)"),
)


@pytest.mark.parametrize(("check", "edit"), EDITS, ids=[edit for _, edit in EDITS])
async def test_p11_what_a_hand_leaves_hanging_is_found(open_database: OpenDatabase, check: Check, edit: str) -> None:
    """P11: a database whose triggers are off lets any row go; what names it says so."""
    invoice_id = uuid5(CUSTOMER, "invoice")
    async with open_database("ledger") as connection:
        await seed(
            connection,
            [
                *(("stream_head", {"partition_no": each}) for each in range(PARTITIONS)),
                ("customer", HERE),
                ("invoice", {**INVOICE, "invoice_id": invoice_id, "state": "issued"}),
                ("cancellation", {"invoice_id": invoice_id}),
            ],
        )
        snapshot = Snapshot("ledger", connection)
        healthy = await check_references(snapshot)
        assert all(each.holds and each.compared for each in healthy)
        for statement in edit.split("; "):
            await connection.execute(text(statement))
        broken = {each.check for each in await check_references(snapshot) if not each.holds}
    assert broken == {check.name}
