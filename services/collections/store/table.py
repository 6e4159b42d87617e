"""Maps a flat record of the domain to the rows of a table: its fields are the columns, lists are JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import TypeAdapter

from shared.rows import Rows

R = TypeVar("R")

_TYPES = {UUID: "uuid", str: "text", int: "bigint", bool: "boolean", date: "date", Decimal: "numeric"}


@dataclass(frozen=True)
class Table(Generic[R]):
    """A table whose columns are the fields of `record`, and the customer's partition beside them."""

    record: type[R]
    name: str
    key: Sequence[str]

    @cached_property
    def shape(self) -> Rows:
        """Return the table as the batch writer sees it."""
        return Rows.of(self.name, key=self.key, **self._columns, partition_no="smallint")

    def reading(self, condition: str) -> str:
        """Return an expression for the rows that fit `condition`, as one JSON text in the order of their key."""
        # A number with decimals travels as text, or it might be read as a float.
        columns = self._columns.items()
        names = ", ".join(f"CAST({name} AS text)" if kind == "numeric" else name for name, kind in columns)
        rows = f"SELECT {names} FROM {self.name} WHERE {condition} ORDER BY {', '.join(self.key)}"
        return f"(SELECT CAST(json_agg(each) AS text) FROM ({rows}) AS each)"

    def read(self, rows: str | None) -> list[R]:
        """Return the records in what `reading` gave."""
        return [] if rows is None else self._records.validate_json(rows)

    def write(self, record: R, partition_no: int) -> Mapping[str, Any]:
        """Return the row of a record."""
        row = {name: getattr(record, name) for name in self._columns}
        for name, adapter in self._lists.items():
            row[name] = adapter.dump_python(row[name], mode="json")
        return row | {"partition_no": partition_no}

    @cached_property
    def _columns(self) -> dict[str, str]:
        hints = get_type_hints(self.record)
        return {each.name: _column(hints[each.name]) for each in fields(self.record)}  # type: ignore[arg-type] # a dataclass

    @cached_property
    def _lists(self) -> dict[str, TypeAdapter[Any]]:
        hints = get_type_hints(self.record)
        return {name: TypeAdapter(hints[name]) for name, kind in self._columns.items() if kind == "jsonb"}

    @cached_property
    def _records(self) -> TypeAdapter[list[R]]:
        return TypeAdapter(list[self.record])  # type: ignore[name-defined] # a class known only now


def _column(hint: Any) -> str:
    if isinstance(hint, UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    return "jsonb" if get_origin(hint) is list else _TYPES[hint]
