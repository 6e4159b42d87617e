"""Whether rows say what events last told of them: topics are not edited, so they witness what a hand has changed (7).

A declaration names a table, and for each type of event which columns its fields give. The events are told over in their
order, up to where the table's service stands; what the last of them gave each column of each row must stand there.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from checker.findings import SHOWN_DIFFERENCES, Check, Finding
from checker.snapshot import Snapshot
from checker.telling import RECORDED_AGAIN, Fields, Telling
from shared.contracts.event import Event

AS_TOLD = Check(
    name="rows-as-told",
    invariant="7",
    sentence="Every row says what the events about it last told, and no row of which they tell is gone.",
)

Columns = dict[str, Any]
# A code, a figure, a date or an id; anything else that a hand may have written could be personal.
_SHOWN = re.compile(r"[A-Za-z0-9_.:+-]{0,64}")
_AN_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What one type of event tells: `columns` names fields, `column=field` where the names differ.

    A field is one of the event, `a.b` inside of one, `a-b` the difference of two, `:a` this very word, and
    `@business_date` and the like one of its envelope; with `each`, it is one of every element of that list, and then of
    the event. A field that is missing tells nothing. `only` are fields that must be so, `needs` those that must not be
    null. `values` follow from the type of event alone, and one that `ends` says that its row is no more.
    """

    event: type[Event]
    columns: str = ""
    key: str = "@subject"
    each: str = ""
    only: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    ends: bool = False

    def tell(self, fields: Fields) -> Iterator[tuple[str, Columns]]:
        """Yield the keys of rows, and what this event gives their columns."""
        parts: Iterable[Fields] = (fields.get(self.each) or ()) if self.each else ({},)
        for part in parts:
            known = {**fields, **part}
            if self._concerns(known):
                told = {column: _found(known, name) for column, name in _pairs(self.columns)}
                yield (
                    "/".join(str(_found(known, name)) for name in self.key.split()),
                    {column: value for column, value in told.items() if value is not _MISSING} | dict(self.values),
                )

    def _concerns(self, known: Fields) -> bool:
        return all(known.get(name) == value for name, value in self.only.items()) and all(
            known.get(name) is not None for name in self.needs.split()
        )


@dataclass(frozen=True, kw_only=True)
class SaidRows:
    """A table, or a query in its place, with the columns of its key and what tells of them.

    `columns` gives the SQL of those that are no columns, `publisher` who tells, where it is another service. `untold`
    says that there are rows of which nothing is told, and `may_go` that rows of which events told may be gone; `first`
    is what stands in columns until something was told of them.
    """

    service: str
    publisher: str = ""
    table: str
    key: str
    says: Sequence[Says]
    columns: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    first: Mapping[str, Any] = field(default_factory=dict)
    untold: bool = False
    may_go: bool = False

    @cached_property
    def rows(self) -> str:
        """Return the query of each row's key and of its columns as JSON."""
        names = {column for each in self.says for column, _ in _pairs(each.columns)}
        names |= {column for each in self.says for column in each.values} | self.first.keys()
        pairs = ", ".join(f"'{name}', {self.columns.get(name, name)}" for name in sorted(names))
        key = ", ".join(self.key.split())
        return f"""
            SELECT concat_ws('/', {key}) AS key, CAST(jsonb_build_object({pairs}) AS text) AS kept
            FROM {f"({self.query})" if self.query else self.table} AS each
        """

    def told(self, telling: Telling) -> dict[str, Columns]:
        """Return by key what the events, in their order, last gave each column."""
        by_wire = {each.event.wire: [says for says in self.says if says.event is each.event] for each in self.says}
        found: dict[str, Columns] = {}
        for wire, fields in telling.of(by_wire):
            for says in by_wire.get(wire, ()):
                for key, columns in says.tell(fields):
                    found.setdefault(key, {}).update(columns)
                    if says.ends:
                        del found[key]
        return found


async def check_rows(rows: SaidRows, snapshot: Snapshot, telling: Telling) -> Finding:
    """Hold the rows of a table to what was told as of this snapshot."""
    told = await asyncio.to_thread(rows.told, telling)
    compared, wrong, shown = len(told), 0, list[str]()
    gone = set(told)
    async for row in snapshot.stream(rows.rows):
        key = row.key if row.key in told else f"{row.key.rpartition('/')[0]}/{RECORDED_AGAIN}"
        gone.discard(key)
        if key not in told and not rows.untold and not telling.silent:
            unlike = "is told of nowhere"
        else:
            said = {**rows.first, **told.get(key, {})} if not telling.silent else told.get(key, {})
            unlike = _unlike(said, json.loads(row.kept, parse_float=Decimal))
        wrong += bool(unlike)
        if unlike and len(shown) < SHOWN_DIFFERENCES:
            shown.append(f"{rows.service}: {rows.table} {row.key}: {unlike}")
    if not rows.may_go:
        wrong += len(gone)
        shown += [f"{rows.service}: {rows.table} {key} is not there" for key in sorted(gone)[:SHOWN_DIFFERENCES]]
    return AS_TOLD.found(compared=compared, differences=shown, wrong=wrong)


def _unlike(told: Columns, kept: Columns) -> str:
    return ", ".join(
        f"{column} {_shown(kept[column])}, told {_shown(value)}"
        for column, value in told.items()
        if not _alike(value, kept[column])
    )


def _alike(told: Any, kept: Any) -> bool:
    if told == kept:
        return True
    if isinstance(told, Mapping) and isinstance(kept, Mapping):
        return all(name in kept and _alike(value, kept[name]) for name, value in told.items())
    if isinstance(told, str) and isinstance(kept, int | Decimal):
        return Decimal(told) == kept
    return isinstance(kept, str) and _AN_INSTANT.match(kept) is not None and _instant(told) == _instant(kept)


def _instant(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value if isinstance(value, datetime) else None


def _shown(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if _SHOWN.fullmatch(text) else "another text"


def _pairs(columns: str) -> Iterator[tuple[str, str]]:
    for each in columns.split():
        column, _, name = each.partition("=")
        yield column, name or column


_MISSING = object()


def _found(fields: Fields, name: str) -> Any:
    if name.startswith(":"):
        return name[1:]
    more, minus, less = name.partition("-")
    if minus:
        return fields[more] - fields[less]
    found: Any = fields
    for part in name.split("."):
        found = found.get(part, _MISSING) if isinstance(found, Mapping) else _MISSING
    return found
