"""A CSV row says what the body of a single POST says, or is refused by its column without its value (faults 3.49)."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.import_columns import INVOICES, PAYMENTS, BadHeader, BadRow, Columns, Header

INVOICE = "entity,number,customer_number,issue_date,currency,net_amount,tax,total"
ROW = "acme,R-1,C-1,2026-01-05,CNY,100.00,13.00,113.00"


def invoice_header(more: str = "") -> Header:
    """A file's usual header, and more columns."""
    return Header.of(INVOICE + more, columns=INVOICES)


def test_a_row_is_one_invoice_with_one_line_and_its_due_date() -> None:
    """L2: the same body as a single POST."""
    assert invoice_header(",due_date").body(ROW + ",2026-02-04") == {
        "entity": "acme",
        "number": "R-1",
        "customer_number": "C-1",
        "issue_date": "2026-01-05",
        "currency": "CNY",
        "lines": [{"description": "R-1", "amount": "100.00"}],
        "tax": "13.00",
        "total": "113.00",
        "instalments": [{"due_date": "2026-02-04", "amount": "113.00"}],
    }


def test_days_or_a_contract_can_give_the_due_date() -> None:
    """L1, L2: terms of the invoice itself, else of its contract."""
    body = invoice_header(",net_days,contract_reference").body(ROW + ",30,")
    assert body["terms"] == {"kind": "net", "days": 30}
    body = invoice_header(",net_days,contract_reference").body(ROW + ",,V-7")
    assert body["contract_reference"] == "V-7"
    assert "terms" not in body


def test_a_payment_may_designate_an_invoice() -> None:
    """L5: the payer's designation."""
    header = Header.of(
        "entity,customer_number,source,reference,received_date,currency,amount,invoice_number", columns=PAYMENTS
    )
    assert header.body("acme,C-1,bank,B-9,2026-02-01,CNY,50.00,R-1")["remittance"] == [{"invoice_number": "R-1"}]
    assert "remittance" not in header.body("acme,C-1,bank,B-9,2026-02-01,CNY,50.00,")


@given(
    cells=st.lists(
        st.text(st.characters(exclude_characters="\r\n\x00", codec="utf-8"), min_size=1), min_size=8, max_size=8
    )
)
def test_any_quoting_that_a_spreadsheet_writes_is_read_back(cells: list[str]) -> None:
    """Faults 3.47: commas, quotes and formulas in a name are a name."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(cells)
    body = invoice_header().body(out.getvalue().removesuffix("\r\n"))
    assert [body["number"], body["lines"][0]["amount"], body["total"]] == [cells[1], cells[5], cells[7]]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("acme,R-1", "", "2 cells, the header 10"),
        (ROW + ',"', "", "quote is not closed"),
        (ROW + ',"30"x,', "", "text follows"),
        (ROW.replace("R-1", "") + ",,", "number", "must be filled"),
        (ROW + ",thirty,", "net_days", "whole number"),
        (ROW + ",３０,", "net_days", "whole number"),
        (ROW + ",30,2026-02-04", "net_days", "not both"),
    ],
)
def test_a_bad_row_is_refused_by_its_column(row: str, column: str, reason: str) -> None:
    """Faults 3.49: column and reason, never the value."""
    with pytest.raises(BadRow, match=reason) as refused:
        invoice_header(",net_days,due_date").body(row)
    assert refused.value.column == column


@pytest.mark.parametrize(
    ("header", "columns", "complaint"),
    [
        (INVOICE.replace("number", "no", 1), INVOICES, "column 2 is not one of"),
        (INVOICE + ",total", INVOICES, "total stands 2 times"),
        (INVOICE.replace(",total", ""), INVOICES, "total is missing"),
        (INVOICE.replace(",", ";"), INVOICES, "separated by commas"),
        (INVOICE + ',"', INVOICES, "quote is not closed"),
        (INVOICE, PAYMENTS, "received_date is missing"),
    ],
)
def test_a_wrong_header_is_refused_with_all_that_is_wrong(header: str, columns: Columns, complaint: str) -> None:
    """Faults 3.49: wrong header and repeated columns."""
    with pytest.raises(BadHeader, match=complaint):
        Header.of(header, columns=columns)


def test_a_rule_of_the_body_is_blamed_on_the_column_it_came_from() -> None:
    """Faults 3.49: the report speaks of the file's columns."""
    assert INVOICES.blamed(("lines", 0, "amount")) == "net_amount"
    assert INVOICES.blamed(("instalments", 0, "due_date")) == "due_date"
    assert INVOICES.blamed(("terms", "net", "days")) == "net_days"
    assert INVOICES.blamed(("currency",)) == "currency"
    assert INVOICES.blamed(()) == ""
    assert PAYMENTS.blamed(("remittance", 0, "invoice_number")) == "invoice_number"
