"""Reads a line of an imported file as the body of a single POST, and says in the file's own columns what is wrong."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from pydantic import ValidationError

from services.ledger.domain.import_columns import BadRow, Columns, Header
from services.ledger.domain.import_lines import Line
from services.ledger.domain.refusals import Invalid
from services.ledger.store.imports import Import
from services.ledger.usecases.refusals import problem_of
from services.ledger.usecases.work_import import Complaint
from shared.web import strict_json
from shared.web.problems import Problem
from shared.web.refusals import invalid

F = TypeVar("F")


def read_facts(imported: Import, line: Line, *, said_by: Callable[[bytes], F], columns: Columns) -> F | list[Complaint]:
    """Return the facts said by the line's JSON, by the very rules of a single request, or what is wrong with it."""
    try:
        return said_by(_json(imported, line, columns))
    except BadRow as error:
        return [Complaint(error.column, str(error))]
    except strict_json.MalformedJson as error:
        return [Complaint("", str(error))]
    except ValidationError as error:
        return complaints(imported, invalid(error), columns=columns)
    except Invalid as refusal:
        return complaints(imported, problem_of(refusal), columns=columns)


def complaints(imported: Import, problem: Problem, *, columns: Columns) -> list[Complaint]:
    """Return what a problem says of this file: by column in CSV, by JSON pointer in NDJSON."""
    if not problem.errors:
        return [Complaint("", problem.detail or problem.kind.title)]
    return [Complaint(_column(imported, each["pointer"], columns), each["detail"]) for each in problem.errors]


def _column(imported: Import, pointer: str, columns: Columns) -> str:
    return columns.blamed(pointer.split("/")[1:]) if imported.format == "csv" else pointer


@lru_cache(maxsize=8)
def _header(text: str, columns: Columns) -> Header:
    return Header.of(text, columns=columns)


def _json(imported: Import, line: Line, columns: Columns) -> bytes:
    if imported.format == "csv":
        return json.dumps(_header(imported.header, columns).body(line.text)).encode()
    raw = line.text.encode()
    strict_json.parse(raw)
    return raw
