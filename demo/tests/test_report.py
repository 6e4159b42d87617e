"""The report is documented field by field, and what a run writes fits its schema."""

import json
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from demo.report import (
    Addresses,
    AuditChain,
    AuditProof,
    CheckLine,
    Done,
    Figure,
    FileFigures,
    FilePosition,
    GradeLights,
    LetterFile,
    MessageCount,
    Receivables,
    RefusedCall,
    RefusedRow,
    Report,
    Risks,
    ServiceEvents,
    StageCases,
    StepTimes,
)
from demo.report_page import SCHEMA, report_documents
from demo.reporting import file_agrees
from demo.tables import print_report

SAME = Figure(found="99", expected="99", agrees=True)
FIGURES = FileFigures(
    file="receivables.csv",
    mapping="sample",
    currency="USD",
    rows=3,
    bad_rows=[RefusedRow(line=3, column="[red]Due[/]", reason="empty")],
    invoices=SAME,
    amount=SAME,
    late=SAME,
    overdue_by_days=SAME,
    overdue_events=SAME,
    positions=[
        FilePosition(as_of=date(2012, 12, 31), open_invoices=SAME, open=SAME, overdue_invoices=SAME, overdue=SAME)
    ],
)
REPORT = Report(
    kind="file",
    seed=None,
    first_day=date(2012, 1, 3),
    last_day=date(2013, 6, 26),
    seconds=12.5,
    customers=100,
    done=[Done(what="invoices issued", number=3)],
    refused=[RefusedCall(what="promises", title="no", number=1)],
    receivables=[
        Receivables(
            currency="USD",
            **dict.fromkeys(("open", "not_due", "d1_30", "d31_60", "d61_90", "d91_plus"), "1234.50"),
            overdue="0.00",
            unapplied="0.00",
            open_invoices=1,
            overdue_invoices=0,
        )
    ],
    risks=Risks(
        grades=[GradeLights(grade="B", green=8, yellow=7, red=6)],
        limits_by_hand=5,
        limits_computed=4,
        holds_open=3,
        holds_lifted=2,
    ),
    cases=[StageCases(stage="manager", open=1, closed=2)],
    steps=[StepTimes(step="reminder", happened=1, waiting=2, passed_over=3)],
    messages=[MessageCount(channel="sms", state="withheld", reason="paid", number=1, arrived=0)],
    mails_caught=7,
    texts_caught=5,
    letters_sent=2,
    letters=[LetterFile(purpose="formal_demand", language="zh", path="letters/formal_demand.zh.pdf")],
    events=[ServiceEvents(service="ledger", events=10)],
    check=[
        CheckLine(
            check="overdue-once", invariant="15", sentence="Once.", compared=1, wrong=1, differences=["instalment 7"]
        )
    ],
    check_holds=False,
    audit=AuditProof(
        holds=True,
        records=1012,
        anchors=5,
        chains=[AuditChain(partition_no=0, records=1012, anchored=1000, head="0a" * 32)],
    ),
    file=FIGURES,
    holds=False,
    addresses=Addresses(apis={"ledger": "http://127.0.0.1:8002/docs"}, mail=None),
)


def schema() -> Any:
    """The schema as it is committed."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def test_what_a_run_writes_fits_the_schema() -> None:
    """The schema beside the page is that of the report, and refuses what is none."""
    written = json.loads(REPORT.model_dump_json())
    Draft202012Validator(schema()).validate(written)
    for broken in (written | {"seconds": "fast"}, written | {"surprise": 1}, {**written, "check": [{}]}):
        assert not Draft202012Validator(schema()).is_valid(broken)


def test_every_field_is_explained() -> None:
    """Field by field: each has a meaning, and the committed page and schema are those of the models."""
    shapes = [schema(), *schema()["$defs"].values()]
    unexplained = [
        name
        for shape in shapes
        for name, field in shape["properties"].items()
        if not field.get("description") and "$ref" not in field
    ]
    assert unexplained == []
    assert {path.name: path.read_text(encoding="utf-8") for path in report_documents()} == {
        path.name: text for path, text in report_documents().items()
    }


def test_everything_is_printed_and_a_users_text_is_no_markup() -> None:
    """The tables show the figures, the differences, and a column's name as it is written."""
    console = Console(width=160, record=True, file=StringIO())
    print_report(console, REPORT)
    text = console.export_text()
    for shown in (
        "1,234.50",
        "instalment 7",
        "[red]Due[/]",
        "2012-12-31: open invoices",
        "refused: promises (no)",
        "1,012 audit",
    ):
        assert shown in text


@pytest.mark.parametrize("field", ["invoices", "amount", "late", "overdue_by_days", "overdue_events"])
def test_one_figure_that_differs_is_enough(field: str) -> None:
    """A file's run holds only if every figure is as counted from its text."""
    differs = Figure(found=str(Decimal(98)), expected="99", agrees=False)
    assert file_agrees(FIGURES)
    assert not file_agrees(FIGURES.model_copy(update={field: differs}))
    position = FIGURES.positions[0].model_copy(update={"overdue": differs})
    assert not file_agrees(FIGURES.model_copy(update={"positions": [position]}))
