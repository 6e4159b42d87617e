"""Reads a user's CSV: each row is an invoice that can be recorded, or is named with its line, column and reason."""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from demo.mapping import Mapping, MappingError, find_mapping, load_mapping, missing_columns
from demo.records import Record, split_records
from shared.money import AmountError, parse_amount

_YEARS = range(1990, 2101)
_LONGEST_TEXT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """An invoice of the file, and the day it was settled, if it was."""

    line: int
    lines: int
    invoice_number: str
    customer_number: str
    customer_name: str
    issue_date: date
    due_date: date
    amount_minor: int
    settled_date: date | None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be recorded, `lines` long from `line` on; `reason` never repeats what the cell holds."""

    line: int
    lines: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole file as read."""

    mapping: Mapping
    rows: list[FileRow]
    bad: list[BadRow]


class _BadCell(ValueError):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def read_file(path: Path, mapping_path: Path | None) -> Reading:
    """Read `path` by the mapping given, or by the shipped one whose columns fit; raise MappingError where none does."""
    mapping = load_mapping(mapping_path) if mapping_path else find_mapping(next(iter(read_lines(path)), ""))
    rows: dict[str, FileRow] = {}
    bad: list[BadRow] = []
    for row in _read(path, mapping):
        if isinstance(row, BadRow):
            bad.append(row)
        elif earlier := rows.get(row.invoice_number):
            reason = f"line {earlier.line} has this number already"
            bad.append(BadRow(row.line, row.lines, mapping.columns.invoice_number, reason))
        else:
            rows[row.invoice_number] = row
    return Reading(mapping, list(rows.values()), bad)


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 file with their ends; a byte that is no UTF-8 spoils only the cell it is in."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        return list(file)


def _read(path: Path, mapping: Mapping) -> Iterator[FileRow | BadRow]:
    lines = read_lines(path)
    header = next(csv.reader(lines, delimiter=mapping.delimiter), [])
    if missing := missing_columns(mapping, header):
        raise MappingError(f"the file has no column {', '.join(missing)}; its mapping is {mapping.name}")
    if len(set(header)) != len(header):
        raise MappingError("the file has two columns of one name")
    for record in split_records(lines, delimiter=mapping.delimiter, cell_count=len(header)):
        yield _row(header, record, mapping)


def _row(header: list[str], record: Record, mapping: Mapping) -> FileRow | BadRow:
    if record.reason:
        return BadRow(record.line, record.lines, "", record.reason)
    cells, columns = dict(zip(header, record.cells, strict=True)), mapping.columns
    try:
        return FileRow(
            line=record.line,
            lines=record.lines,
            invoice_number=_text(cells, columns.invoice_number),
            customer_number=_text(cells, columns.customer_number),
            customer_name=_text(cells, columns.customer_name or columns.customer_number),
            issue_date=_date(cells, columns.issue_date, mapping),
            due_date=_date(cells, columns.due_date, mapping),
            amount_minor=_amount(cells, mapping),
            settled_date=_settled(cells, mapping),
        )
    except _BadCell as cell:
        return BadRow(record.line, record.lines, cell.column, cell.reason)


def _text(record: dict[str, str], column: str) -> str:
    text = record[column].strip()
    if not text:
        raise _BadCell(column, "empty")
    if len(text) > _LONGEST_TEXT:
        raise _BadCell(column, f"longer than {_LONGEST_TEXT} characters")
    if not text.isprintable():
        raise _BadCell(column, "holds characters that cannot be printed, or is not UTF-8")
    return text


def _date(record: dict[str, str], column: str, mapping: Mapping) -> date:
    text = _text(record, column)
    try:
        day = date(*time.strptime(text, mapping.date_format)[:3])
    except ValueError:
        raise _BadCell(column, f"not a date written as {mapping.date_format}") from None
    if day.year not in _YEARS:
        raise _BadCell(column, f"not a year from {_YEARS.start} to {_YEARS.stop - 1}")
    return day


def _settled(record: dict[str, str], mapping: Mapping) -> date | None:
    column = mapping.columns.settled_date
    if column is None or not record[column].strip():
        return None
    settled_date = _date(record, column, mapping)
    if settled_date < _date(record, mapping.columns.issue_date, mapping):
        raise _BadCell(column, "settled before the invoice was issued")
    return settled_date


def _amount(record: dict[str, str], mapping: Mapping) -> int:
    column = mapping.columns.amount
    text = _text(record, column)
    if mapping.thousands_separator:
        text = text.replace(mapping.thousands_separator, "")
    try:
        minor = parse_amount(text.replace(mapping.decimal_point, "."), mapping.currency)
    except AmountError as error:
        raise _BadCell(column, str(error)) from error
    if minor <= 0:
        raise _BadCell(column, "an invoice is more than zero")
    return minor
