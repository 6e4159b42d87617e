"""A bad row is named with its line, column and reason, and the good ones go on (issue: the main job on a real file)."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from demo.mapping import MappingError
from demo.recount import Position, recount
from demo.rows import BadRow, FileRow, Reading, read_file

HEADER = "countryCode,customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,SettledDate"
GOOD = "391,0379-NEVHP,611365,1/2/2013,2/1/2013,55.94,1/15/2013"
IBM = Path(__file__).parents[3] / "shared" / "data" / "ibm_late_payments" / "ibm_ar_train.csv"


def read(tmp_path: Path, *rows: str, header: str = HEADER) -> Reading:
    """Read a file of these rows."""
    return read_file(write(tmp_path, *rows, header=header), None)


def write(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    """Write a file of these rows."""
    path = tmp_path / "receivables.csv"
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8")
    return path


def test_a_good_row_is_taken_as_it_is(tmp_path: Path) -> None:
    """Faults 3: amounts, due dates and settlement dates are taken as they are."""
    assert read(tmp_path, GOOD).rows == [
        FileRow(
            line=2,
            lines=1,
            invoice_number="611365",
            customer_number="0379-NEVHP",
            customer_name="0379-NEVHP",
            issue_date=date(2013, 1, 2),
            due_date=date(2013, 2, 1),
            amount_minor=5594,
            settled_date=date(2013, 1, 15),
        )
    ]


@pytest.mark.parametrize(
    ("cell", "bad", "column", "reason"),
    [
        ("611365", "", "invoiceNumber", "empty"),
        ("611365", "9" * 65, "invoiceNumber", "longer than 64 characters"),
        ("0379-NEVHP", "A\x07B", "customerID", "holds characters that cannot be printed, or is not UTF-8"),
        ("1/2/2013", "2013-01-02", "InvoiceDate", "not a date written as %m/%d/%Y"),
        ("2/1/2013", "2/30/2013", "DueDate", "not a date written as %m/%d/%Y"),
        ("2/1/2013", "2/1/1013", "DueDate", "not a year from 1990 to 2100"),
        ("1/15/2013", "1/1/2013", "SettledDate", "settled before the invoice was issued"),
        ("55.94", "-55.94", "InvoiceAmount", "an invoice is more than zero"),
        ("55.94", "55.941", "InvoiceAmount", "USD has 2 decimals"),
        (
            "55.94",
            "NaN",
            "InvoiceAmount",
            "write an amount with at most 15 digits, a point and decimals, such as 1250.00",
        ),
        ("55.94", "55.94,1", "", "8 cells where the header has 7"),
        ("55.94", '"55.94', "", "a quotation mark is not closed"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_go_on(
    tmp_path: Path, cell: str, bad: str, column: str, reason: str
) -> None:
    """Faults 3: line, column and reason, never the cell; the rows before and after are read."""
    before, after = GOOD.replace("611365", "5"), GOOD.replace("611365", "7")
    reading = read(tmp_path, before, GOOD.replace(cell, bad), after)
    assert reading.bad == [BadRow(3, 1, column, reason)]
    assert [row.line for row in reading.rows] == [2, 4]


def test_a_byte_that_is_no_utf8_spoils_its_own_row_only(tmp_path: Path) -> None:
    """Faults 3: an encoding error has a line and a column too."""
    path = write(tmp_path, GOOD, GOOD.replace("611365", "6113XX"))
    path.write_bytes(path.read_bytes().replace(b"XX", b"\xff\xfe"))
    reading = read_file(path, None)
    assert [(bad.line, bad.column) for bad in reading.bad] == [(3, "invoiceNumber")]
    assert len(reading.rows) == 1


def test_the_second_row_of_a_number_is_the_bad_one(tmp_path: Path) -> None:
    """L2: a number is unique per entity; the reason names the line that has it."""
    assert read(tmp_path, GOOD, GOOD).bad == [BadRow(3, 1, "invoiceNumber", "line 2 has this number already")]


def test_a_quoted_cell_may_run_over_lines(tmp_path: Path) -> None:
    """RFC 4180: a quoted line break is part of its cell; the rows after it keep their line numbers."""
    reading = read(tmp_path, GOOD.replace("391", '"391\n2"'), GOOD.replace("611365", "7"))
    assert [(row.line, row.lines) for row in reading.rows] == [(2, 2), (4, 1)]


def test_an_open_invoice_has_no_settled_date(tmp_path: Path) -> None:
    """A blank settlement date means that it is still open."""
    assert read(tmp_path, GOOD.replace("1/15/2013", "")).rows[0].settled_date is None


def test_a_file_that_no_mapping_fits_is_refused_with_what_to_do() -> None:
    """Any CSV needs a mapping; the answer says where an example lies."""
    with pytest.raises(MappingError, match=r"ibm_late_payments\.yaml"):
        read_file(Path(__file__), None)


def test_the_recount_leaves_out_exactly_the_bad_rows(tmp_path: Path) -> None:
    """The figures to compare with come from the file's text, without the rows that were reported."""
    rows = [
        GOOD,
        GOOD.replace("611365", "").replace("391", '"a\nb"'),
        GOOD.replace("611365", "7").replace("1/15", "3/1"),
    ]
    path = write(tmp_path, *rows)
    reading = read_file(path, None)
    bad_lines = {line for bad in reading.bad for line in range(bad.line, bad.line + bad.lines)}
    dates = [date(2013, 2, 1), date(2013, 2, 2)]
    figures = recount(path, reading.mapping, without_lines=bad_lines, dates=dates, last_day=date(2013, 3, 2))
    assert bad_lines == {3, 4}
    assert (figures.invoices, figures.amount, figures.late) == (2, Decimal("111.88"), 1)
    assert figures.positions[0] == Position(date(2013, 2, 1), 1, Decimal("55.94"), 0, Decimal(0))
    assert figures.positions[1] == Position(date(2013, 2, 2), 1, Decimal("55.94"), 1, Decimal("55.94"))


@pytest.mark.skipif(not IBM.exists(), reason="the sample data is not beside the repository")
def test_the_ibm_file_counts_as_published() -> None:
    """The issue's figures: 1,725 invoices, 658 late, and what was open and overdue on three days."""
    reading = read_file(IBM, None)
    figures = recount(
        IBM, reading.mapping, without_lines=(), dates=reading.mapping.report_dates, last_day=date(2013, 6, 26)
    )
    assert (len(reading.rows), reading.bad) == (1725, [])
    assert (figures.invoices, figures.amount, figures.late) == (1725, Decimal("102989.74"), 658)
    assert figures.positions == [
        Position(date(2012, 12, 31), 99, Decimal("5725.06"), 13, Decimal("788.74")),
        Position(date(2013, 3, 31), 94, Decimal("5903.74"), 9, Decimal("681.37")),
        Position(date(2013, 6, 25), 0, Decimal(0), 0, Decimal(0)),
    ]
