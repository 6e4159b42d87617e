"""Files of invoices and payments come in row by row, once, whatever is wrong with some of them (L2, faults 3.49)."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from services.ledger.api.import_files import MAX_FILE_BYTES, MAX_STRICT_BYTES
from services.ledger.tests.import_house import DAY, HEADER, ImportHouse, csv_file, invoice_row
from tests.databases import FreshDatabase

PAYMENTS = "entity,customer_number,source,reference,received_date,currency,amount,invoice_number"


@pytest.fixture
async def house(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[ImportHouse]:
    """The ledger with its first day open."""
    house = ImportHouse.of(await fresh_database("ledger"), tmp_path)
    await house.books.begin(DAY)
    yield house
    await house.close()


async def test_good_rows_go_on_and_bad_ones_are_reported_without_their_values(house: ImportHouse) -> None:
    """L2, faults 3.49: line, column and reason; faults 3.3-3.10: the rules are those of a single POST."""
    ended = await house.bring_in(
        csv_file(
            invoice_row("R-1"),
            invoice_row("R-2", total="1e3"),
            invoice_row("R-3", total="1.005"),
            invoice_row("R-4").replace("2026-03-31", "31.3.2026"),
            invoice_row("R-5").replace("0.00,113.00", "1.00,113.00"),
            invoice_row("R-6").replace("acme", "nobody"),
            invoice_row("R-7").replace("CNY", "cny"),
            "",
            invoice_row("R-8") + ",",
            invoice_row("R-9"),
        )
    )
    assert (ended["state"], ended["rows_total"], ended["rows_imported"], ended["rows_refused"]) == ("done", 9, 2, 7)
    errors = await house.errors(ended["import_id"])
    assert {(line, column) for line, column, _ in errors} >= {
        (3, "net_amount"), (3, "total"), (4, "net_amount"), (5, "due_date"),
        (6, "total"), (7, "entity"), (8, "currency"), (10, ""),
    }  # fmt: skip
    assert not any(
        value in reason for _, _, reason in errors for value in ("1e3", "1.005", "31.3.2026", "nobody", "cny")
    )
    assert await house.count("invoice") == 2


async def test_a_strict_file_with_an_unreadable_row_records_nothing(house: ImportHouse) -> None:
    """L2, faults 3.49: the whole file is validated first."""
    rows = [invoice_row(f"R-{count}") for count in range(600)]
    ended = await house.bring_in(csv_file(*rows, invoice_row("R-bad", total="x")), strict=True)
    assert (ended["state"], ended["rows_imported"], ended["rows_refused"]) == ("refused", 0, 1)
    assert {line for line, _, _ in await house.errors(ended["import_id"])} == {602}
    assert await house.count("invoice") == await house.count("outbox") == await house.count("movement") == 0


async def test_a_strict_file_that_the_books_refuse_records_nothing(house: ImportHouse) -> None:
    """L2, faults 3.49: a row that only the books can judge; 601 good rows before it are taken back."""
    rows = [invoice_row(f"R-{count}") for count in range(601)]
    ended = await house.bring_in(csv_file(*rows, invoice_row("R-7", total="5.00")), strict=True)
    assert (ended["state"], ended["rows_imported"], ended["rows_refused"]) == ("refused", 0, 1)
    assert await house.count("invoice") == await house.count("outbox") == await house.count("journal_entry") == 0


async def test_a_strict_file_without_fault_records_all(house: ImportHouse) -> None:
    """L2: all or nothing means all, too."""
    ended = await house.bring_in(csv_file(*(invoice_row(f"R-{count}") for count in range(600))), strict=True)
    assert (ended["state"], ended["rows_imported"]) == ("done", 600)
    assert await house.count("invoice") == 600


async def test_the_same_file_is_answered_with_its_first_import(house: ImportHouse) -> None:
    """Faults 3.49: known by its hash, while it waits and when it is done."""
    content = csv_file(invoice_row("R-1"))
    first = (await house.send(content)).json()
    assert (await house.send(content)).json()["import_id"] == first["import_id"]
    ended = await house.bring_in(content)
    assert (ended["import_id"], ended["rows_imported"]) == (first["import_id"], 1)
    assert (await house.send(content)).json() == ended


async def test_the_same_file_sent_at_once_begins_one_import(house: ImportHouse) -> None:
    """Faults 3.49, 4.12: two uploads race."""
    content = csv_file(invoice_row("R-1"))
    answers = await asyncio.gather(*(house.send(content) for _ in range(5)))
    assert len({answer.json()["import_id"] for answer in answers}) == 1


async def test_a_file_of_which_nothing_was_recorded_may_come_again(house: ImportHouse) -> None:
    """L2: after the entity is there, the very same file is good."""
    content = csv_file(invoice_row("R-1").replace("acme", "later"))
    refused = await house.bring_in(content)
    assert refused["state"] == "refused"
    async with house.context.engine.begin() as connection:
        await connection.execute(text("UPDATE entity SET entity = 'later'"))
    ended = await house.bring_in(content)
    assert (ended["state"], ended["rows_imported"]) == ("done", 1)
    assert ended["import_id"] != refused["import_id"]


async def test_importing_again_changes_nothing(house: ImportHouse) -> None:
    """L2, L20: rows known by their natural key, whatever file they come in."""
    rows = [invoice_row("R-1"), invoice_row("R-2")]
    await house.bring_in(csv_file(*rows))
    before = await house.count("outbox"), await house.count("audit_record"), await house.count("movement")
    ended = await house.bring_in(csv_file(*reversed(rows), invoice_row("R-2", total="9.00")))
    assert (ended["rows_imported"], ended["rows_known"], ended["rows_refused"]) == (0, 2, 1)
    [(line, column, _)] = await house.errors(ended["import_id"])
    assert (line, column) == (4, "")
    assert (await house.count("outbox"), await house.count("audit_record"), await house.count("movement")) == before


async def test_a_line_of_ndjson_is_the_body_of_a_single_post(house: ImportHouse) -> None:
    """L2: what was posted is known to the import, and its strict JSON is the same (faults 3.1, 3.21)."""
    body = {
        "entity": "acme", "number": "R-1", "customer_number": "C-1", "issue_date": "2026-03-01", "currency": "CNY",
        "lines": [{"description": "Pumps", "amount": "100.00"}], "tax": "13.00", "total": "113.00",
        "instalments": [{"due_date": "2026-03-31", "amount": "63.00"}, {"due_date": "2026-04-30", "amount": "50.00"}],
    }  # fmt: skip
    posted = await house.http.post("/v1/invoices", json=body, headers={"Idempotency-Key": "key-of-R-1"})
    assert posted.status_code == 201, posted.text
    lines = [
        json.dumps(body),
        json.dumps({**body, "number": "R-2"}),
        '{"entity": "acme", "entity": "acme"}',
        '{"total": NaN}',
        json.dumps({**body, "number": "R-3", "discount": "1.00"}),
        json.dumps(body)[:40],
    ]
    ended = await house.bring_in("\n".join(lines).encode(), media_type="application/x-ndjson")
    assert (ended["rows_imported"], ended["rows_known"], ended["rows_refused"]) == (1, 1, 4)
    reasons = {line: (column, reason) for line, column, reason in await house.errors(ended["import_id"])}
    assert reasons[3] == ("", "an object names a key twice")
    assert reasons[4] == ("", "NaN and Infinity are not JSON")
    assert reasons[5] == ("", "Unknown member")
    assert reasons[6][1].startswith("not JSON")


async def test_payments_are_worked_after_the_invoices_that_were_sent_before_them(house: ImportHouse) -> None:
    """L4, L5: the designation finds its invoice; what is too much stays unapplied."""
    await house.send(csv_file(invoice_row("R-1"), invoice_row("R-2")))
    payment = "acme,C-1,bank,B-1,2026-03-02,CNY,150.00,R-2"
    ended = await house.bring_in(csv_file(payment, header=PAYMENTS), kind="payments")
    assert ended["rows_imported"] == 1
    aging = (await house.http.get("/v1/aging", params={"as_of": str(DAY)})).json()
    assert (aging["totals"][0]["open"], aging["totals"][0]["unapplied"]) == ("113.00", "37.00")


@pytest.mark.parametrize(
    ("content", "media_type", "complaint"),
    [
        (csv_file(invoice_row("R-1"), header=HEADER.replace("number", "no", 1)), "text/csv", "column 2 is not one of"),
        (csv_file(invoice_row("R-1"), header=HEADER + ",total"), "text/csv", "total stands 2 times"),
        (csv_file(invoice_row("R-1"), header=HEADER.replace(",", ";")), "text/csv", "separated by commas"),
        (csv_file(invoice_row("R-\x001")), "text/csv", "line 2 holds NUL"),
        (csv_file(invoice_row("欠款")).decode().encode("gbk"), "text/csv", "line 2 is not UTF-8"),
        (csv_file(invoice_row("R-1")).decode().encode("utf-16"), "text/csv", "line 1 holds NUL"),
        (csv_file(), "text/csv", "no rows"),
        (b"", "text/csv", "the first line"),
        (b"\n \n", "application/x-ndjson", "no rows"),
        (b"PK\x03\x04\x00\x00", "application/x-ndjson", "line 1 holds NUL"),
    ],
)
async def test_a_file_that_cannot_be_read_at_all_is_refused_at_once(
    house: ImportHouse, content: bytes, media_type: str, complaint: str
) -> None:
    """Faults 3.15, 3.23, 3.49: 422 says what to change, and nothing is kept."""
    refused = await house.send(content, media_type=media_type)
    assert refused.status_code == 422, refused.text
    assert complaint in json.dumps(refused.json()["errors"], ensure_ascii=False)
    assert await house.count("import") == await house.count("import_chunk") == 0


async def test_a_byte_order_mark_is_tolerated_in_csv_and_not_in_json(house: ImportHouse) -> None:
    """Faults 3.23, 3.49: spreadsheets write one."""
    ended = await house.bring_in(b"\xef\xbb\xbf" + csv_file(invoice_row("R-1")))
    assert ended["rows_imported"] == 1
    ended = await house.bring_in(b"\xef\xbb\xbf{}\n", media_type="application/x-ndjson")
    assert ended["state"] == "refused"


async def test_a_file_that_was_cut_off_loses_only_its_last_row(house: ImportHouse) -> None:
    """Faults 3.49: half a file."""
    whole = csv_file(invoice_row("R-1"), invoice_row("R-2"), invoice_row("R-3"))
    ended = await house.bring_in(whole[:-20])
    assert (ended["rows_imported"], ended["rows_refused"]) == (2, 1)
    [(line, _, reason)] = await house.errors(ended["import_id"])
    assert line == 4
    assert reason.startswith("the row has")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "text/csv; charset=gbk"}, 415),
        ({"Content-Type": "text/csv", "Content-Encoding": "gzip"}, 415),
        ({}, 415),
        ({"Content-Type": "text/csv", "Content-Length": str(MAX_FILE_BYTES + 1)}, 413),
    ],
)
async def test_what_is_not_taken_at_all(house: ImportHouse, headers: dict[str, str], status: int) -> None:
    """Faults 3.19, 3.25, 3.26, 3.49: other formats, compressed bombs, a file of a gigabyte."""
    answer = await house.http.post("/v1/imports?kind=invoices", content=b"a,b\n", headers=headers)
    assert answer.status_code == status


async def test_a_strict_file_is_one_transaction_and_so_has_a_lower_limit(house: ImportHouse) -> None:
    """Faults 3.49: 413 names it."""
    answer = await house.send(b"x" * (MAX_STRICT_BYTES + 1), strict=True)
    assert answer.status_code == 413
    assert str(MAX_STRICT_BYTES) in answer.json()["detail"]


async def test_before_the_first_day_nothing_is_taken(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    """L7: as for every fact."""
    house = ImportHouse.of(await fresh_database("ledger"), tmp_path)
    assert (await house.send(csv_file(invoice_row("R-1")))).status_code == 409
    await house.close()


async def test_two_workers_import_each_row_once(house: ImportHouse) -> None:
    """Faults 6: several workers share the work."""
    await house.send(csv_file(*(invoice_row(f"R-{count}", customer=f"C-{count % 7}") for count in range(1200))))
    while await house.count("import_chunk"):
        await asyncio.gather(house.work(), house.work())
    assert await house.count("invoice") == 1200
    assert await house.count("audit_record") == 1200


async def test_the_audit_names_who_sent_the_file(house: ImportHouse) -> None:
    """L17: the caller, not the worker."""
    await house.bring_in(csv_file(invoice_row("R-1")))
    [record] = (await house.http.get("/v1/audit")).json()["items"]
    assert (record["actor"], record["action"]) == ("erp", "invoice_recorded")


async def test_an_import_nobody_sent_is_not_found(house: ImportHouse) -> None:
    """Faults 3.44: the same answer for both pages."""
    unknown = "/v1/imports/00000000-0000-0000-0000-000000000000"
    assert (await house.http.get(unknown)).status_code == 404
    assert (await house.http.get(f"{unknown}/errors")).status_code == 404
