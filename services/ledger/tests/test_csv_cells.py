"""Reports as CSV open as figures and text in a spreadsheet, and never as formulas (faults 3.47, 4.18)."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.api.csv_cells import amount, csv_text

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")


def read(text: str) -> list[list[str]]:
    """The cells that a reader of CSV sees."""
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_no_text_begins_a_formula_and_none_is_lost(name: str) -> None:
    """Faults 4.18: an apostrophe before what could, and only there."""
    [[cell, after]] = read(csv_text([[name, "x"]]))
    assert not cell.startswith(FORMULAS)
    assert cell == (f"'{name}" if name.startswith(FORMULAS) else name)
    assert after == "x"


@pytest.mark.parametrize(
    ("minor", "currency", "written"), [(-123456, "CNY", "-1234.56"), (-5, "JPY", "-5"), (0, "KWD", "0.000")]
)
def test_amounts_survive_as_numbers(minor: int, currency: str, written: str) -> None:
    """Faults 4.18: a negative amount keeps its sign and is no text."""
    [[cell]] = read(csv_text([[amount(minor, currency)]]))
    assert cell == written
    assert Decimal(cell) == amount(minor, currency)


def test_dates_counts_and_what_is_missing() -> None:
    """L14: plain cells."""
    assert read(csv_text([[date(2026, 3, 31), 7, None]])) == [["2026-03-31", "7", ""]]
