"""Tells two runs of one story alike: what machines draw, and what follows from it, is left out by name and reason."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.proofs.canonical import Dump, differences

_TRACE = "drawn for each request"
_SEALED = "records are sealed in the order in which they were committed, over their instants"
_MAIL = "a mail names its message, and bears its instant; its hash follows"

LEFT_OUT: Mapping[str, str] = {
    "correlation_id": _TRACE,
    "traceparent": _TRACE,
    "chain_number": _SEALED,
    "chain_hash": _SEALED,
    "work_marker": "the marker's envelope, with its instant, trace and number",
    "positions": "offsets: how often the relay sent, and how events of several customers lay between each other",
    "content": _MAIL,
    "content_sha256": _MAIL,
    "letter_sha256": _MAIL,
    "notifications.sending.system_identifier": "the PostgreSQL of each run is another",
    "notifications.attempt.answer": "the mailbox counts what it takes, from several connections at once",
    "ledger.credit_note.content_hash": "over its number, which the ledger makes of the dispute's drawn id",
    "checked_at": "the instant of an answer; the canonical dump leaves out only those that have a column",
}
"""By the name of a column or of a field within one; instants and drawn numbers the canonical dump leaves out itself."""

# A credit note that follows a dispute is numbered by the beginning of the dispute's id.
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=\bCN-)[0-9a-f]{12}\b")
# The first round names an id by what stands in its rows, the second by the names of what stands there.
_ROUNDS = 2


def unlike(one: Mapping[str, Dump], other: Mapping[str, Dump]) -> list[str]:
    """Return how two runs differ: in what rows say by themselves, or else in who belongs to whom."""
    return differences(alike(one, rounds=0), alike(other, rounds=0)) or differences(alike(one), alike(other))


def alike(dumps: Mapping[str, Dump], *, rounds: int = _ROUNDS) -> Dump:
    """Return the rows of all services, by service and table, with each drawn id named by all that is said of it.

    Without any round an id is just an id: then a row that differs does not make all others that name it differ too.
    """
    rows = {
        f"{service}.{table}": [_without(_told(row), f"{service}.{table}") for row in found]
        for service, tables in dumps.items()
        for table, found in tables.items()
    }
    names: Mapping[str, str] = {}
    for _ in range(rounds):
        names = _name(rows, names)
    return {table: sorted(_text(row, names) for row in found) for table, found in rows.items()}


def _name(rows: Mapping[str, Sequence[Any]], names: Mapping[str, str]) -> dict[str, str]:
    said: defaultdict[str, list[str]] = defaultdict(list)
    for table, found in rows.items():
        for row in found:
            text = _text(row, names)
            for where, each in _ids(row):
                said[each].append(f"{table} {where} {text}")
    return {each: hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12] for each, lines in said.items()}


def _told(row: str) -> Any:
    """Return a row of a dump; one of the outbox is a line with its event at the end."""
    head, brace, body = row.partition("{")
    told = json.loads(brace + body)
    return {"outbox": head, "event": told} if head else told


def _without(value: Any, where: str) -> Any:
    """Return a value without what is left out of it."""
    if isinstance(value, dict):
        kept = {name for name in value if not {name, f"{where}.{name}"} & LEFT_OUT.keys()}
        return {name: _without(each, name) for name, each in value.items() if name in kept}
    return [_without(each, where) for each in value] if isinstance(value, list) else value


def _text(value: Any, names: Mapping[str, str]) -> str:
    """Return a value as one line; lists are sorted, because what has no other order is ordered by drawn ids."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_text(each, names)}" for name, each in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(sorted(_text(each, names) for each in value)) + "]"
    return _ID.sub(lambda found: names.get(found[0], "id"), str(value))


def _ids(value: Any, where: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _ids(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _ids(each, where)
    elif isinstance(value, str):
        yield from ((where, each) for each in _ID.findall(value))
