"""Splits a CSV into records so that one row's stray quotation mark spoils that row and not the rest of the file."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LONGEST_RECORD_LINES = 20
_UNFINISHED = "unexpected end of data"


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one row, or why it has none; `line` is its first line, `lines` how many it spans."""

    line: int
    lines: int
    cells: list[str]
    reason: str = ""


def split_records(lines: Sequence[str], *, delimiter: str, cell_count: int) -> Iterator[Record]:
    """Yield the records of `lines`, the first of which is the header; empty lines are none."""
    index = 1
    while index < len(lines):
        record = _record_at(lines, index, delimiter, cell_count)
        if record.cells or record.reason:
            yield record
        index += record.lines


def _record_at(lines: Sequence[str], index: int, delimiter: str, cell_count: int) -> Record:
    """Read the record that starts at `index`: a quoted cell may run over lines if all cells then come out right."""
    for count in range(1, min(_LONGEST_RECORD_LINES, len(lines) - index) + 1):
        try:
            cells = next(csv.reader(["".join(lines[index : index + count])], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            if str(error) == _UNFINISHED:
                continue
            return Record(index + 1, 1, [], f"not readable as CSV: {error}")
        if cells and len(cells) != cell_count:
            return Record(index + 1, 1, [], f"{len(cells)} cells where the header has {cell_count}")
        return Record(index + 1, count, cells)
    return Record(index + 1, 1, [], "a quotation mark is not closed")
