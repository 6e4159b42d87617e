"""Reads a CSV of customers line by line: each is facts to be recorded, or says which column is wrong and why."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from services.credit.api.bodies import RegisterCustomer
from services.credit.gateways.fact_columns import COLUMNS, body_of, column_of

REQUIRED = ("customer_number", "name", "kind", "country")


class NotCustomers(ValueError):
    """The file as a whole is no CSV of customers; the message says what to change and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one place."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A customer as one line states it: only the facts whose cells are filled."""

    line: int
    facts: dict[str, Any]


def read_customers(content: bytes) -> Iterator[Entry | Fault]:
    """Give every line's entry or its fault; a record is a line, so a stray quote costs one row. Raises NotCustomers."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    header = _header(lines[0])
    for number, raw in enumerate(lines[1:], start=2):
        if raw.strip():
            yield _read(number, raw, header)


def _header(raw: bytes) -> list[str]:
    try:
        names = [name.strip() for name in next(csv.reader([raw.decode("utf-8").rstrip("\r")]), [])]
    except (UnicodeDecodeError, csv.Error):
        raise NotCustomers("the first line is no CSV in UTF-8") from None
    if missing := [name for name in REQUIRED if name not in names]:
        raise NotCustomers(f"the first line must name the columns {', '.join(missing)}")
    if len(set(names)) != len(names) or not set(names) <= set(COLUMNS):
        raise NotCustomers(f"the first line may name each of these columns once: {', '.join(COLUMNS)}")
    return names


def _read(number: int, raw: bytes, header: list[str]) -> Entry | Fault:
    try:
        cells = next(csv.reader([raw.decode("utf-8").rstrip("\r")], strict=True))
    except (UnicodeDecodeError, csv.Error):
        return Fault(number, "", "The line is no CSV in UTF-8")
    if len(cells) != len(header):
        return Fault(number, "", f"The line has {len(cells)} cells, the first line names {len(header)} columns")
    filled = {name: cell for name, cell in zip(header, cells, strict=True) if cell != ""}
    try:
        body = RegisterCustomer.model_validate(body_of(filled))
    except ValidationError as error:
        return _fault(number, error)
    return Entry(number, body.stated())


def _fault(number: int, error: ValidationError) -> Fault:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return Fault(number, column_of(first["loc"]), first["msg"])
