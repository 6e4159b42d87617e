"""The port to outside sources (bureaus, registers, courts), and its default: files in a folder (C1)."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import yaml
from pydantic import ValidationError

from services.credit.gateways.fact_columns import COLUMNS, body_of, column_of
from services.credit.gateways.fact_documents import AmendedFacts
from shared.web.customers import CustomerNumber
from shared.web.models import BusinessDate


class SourcedFacts(AmendedFacts):
    """What a source says of a customer, and when it saw that."""

    customer_number: CustomerNumber
    observed_date: BusinessDate


@dataclass(frozen=True, slots=True)
class Finding:
    """Facts of one customer as a source saw them on a date."""

    source: str
    customer_number: str
    observed_date: date
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadFinding:
    """An entry that cannot be read: its place in the source, the field, and why; nothing of it is repeated."""

    source: str
    place: str
    field: str
    reason: str


class OutsideSources(Protocol):
    """Whatever tells of customers from outside."""

    def read(self) -> Iterator[Finding | BadFinding]:
        """Give what every source says now, in a fixed order."""
        ...


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """A folder in which each CSV or YAML file is a source of its own, named as the file is."""

    folder: Path

    def read(self) -> Iterator[Finding | BadFinding]:
        """Give every entry of every file, by file name."""
        for path in sorted(self.folder.iterdir()):
            if path.suffix == ".csv":
                yield from _read_csv(path)
            elif path.suffix in {".yaml", ".yml"}:
                yield from _read_yaml(path)


def _read_csv(path: Path) -> Iterator[Finding | BadFinding]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, restkey="", restval="")
        header = rows.fieldnames or []
        unknown = sorted(set(header) - {*COLUMNS, "observed_date"})
        if unknown:
            yield BadFinding(path.stem, "line 1", unknown[0], "There is no such column")
            return
        for row in rows:
            cells = {name: cell for name, cell in row.items() if cell and name not in {"", "observed_date"}}
            body = body_of(cells) | {"observed_date": row.get("observed_date")}
            yield _finding(path.stem, f"line {rows.line_num}", body)


def _read_yaml(path: Path) -> Iterator[Finding | BadFinding]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        entries = None
    if not isinstance(entries, list):
        yield BadFinding(path.stem, "file", "", "The file is no YAML list of entries")
        return
    for number, entry in enumerate(entries, start=1):
        yield _finding(path.stem, f"entry {number}", entry)


def _finding(source: str, place: str, body: object) -> Finding | BadFinding:
    try:
        said = SourcedFacts.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return BadFinding(source, place, column_of(first["loc"]), first["msg"])
    facts = {name: value for name, value in said.stated().items() if name not in {"customer_number", "observed_date"}}
    return Finding(source, said.customer_number, said.observed_date, facts)
