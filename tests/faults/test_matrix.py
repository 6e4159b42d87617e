"""Each row of the fault matrix has a test that is named after it, or a reason why it makes no sense here."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "tests/faults/README.md"
ROWS = range(1, 53)
_NAMED = re.compile(r"^test_rows?_((?:\d\d_)(?:(?:and_)?\d\d_)*)")
_WITHOUT_SENSE = "## Rows that make no sense here"


def _rows_in(name: str) -> set[int]:
    """Return the rows after which a test is named: `test_row_17_...`, `test_rows_39_40_and_41_...`."""
    found = _NAMED.match(name)
    return {int(each) for each in re.findall(r"\d\d", found[1])} if found else set()


def _tests() -> Iterator[tuple[str, str]]:
    """Give file and name of each test of the repository."""
    for path in sorted(ROOT.glob("*/**/test_*.py")):
        file = path.relative_to(ROOT)
        if file.parts[0] in {"var", ".venv"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield str(file), node.name


@pytest.fixture(scope="module")
def named() -> Mapping[int, set[str]]:
    """The files in which there is a test named after a row."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for file, name in _tests():
        for row in _rows_in(name):
            found[row].add(file)
    return found


def _table() -> dict[int, str]:
    """Return what the page says of each row."""
    lines = (re.match(r"\| (\d\d) \| (.*)", line) for line in PAGE.read_text(encoding="utf-8").splitlines())
    return {int(found[1]): found[2] for found in lines if found}


def _without_sense() -> dict[int, str]:
    """Return the rows for which there is no test, each with the reason."""
    section = PAGE.read_text(encoding="utf-8").partition(_WITHOUT_SENSE)[2]
    return {int(row): reason for row, reason in re.findall(r"^- (\d\d): (.+)$", section, re.MULTILINE)}


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("test_row_04_an_answer_that_is_lost", {4}),
        ("test_rows_32_and_33_a_full_disk", {32, 33}),
        ("test_rows_39_40_and_41_each_refusal", {39, 40, 41}),
        ("test_row_05", set()),
        ("test_rows_of_a_table", set()),
        ("test_row_30_50_tasks", {30, 50}),
        ("test_a_row_17_elsewhere", set()),
    ],
)
def test_the_rows_of_a_name_are_read(name: str, rows: set[int]) -> None:
    """A name begins with its rows, two digits each; so no name may go on with another number."""
    assert _rows_in(name) == rows


def test_every_row_has_a_test_named_after_it_or_a_reason_why_not(named: Mapping[int, set[str]]) -> None:
    """Faults 2: `pytest -k row_17` finds what proves row 17."""
    reasons = _without_sense()
    assert sorted({*named, *reasons}) == list(ROWS)
    assert not [row for row, reason in reasons.items() if len(reason.split()) < 4]


def test_the_page_speaks_of_every_row_and_names_the_files_of_its_tests(named: Mapping[int, set[str]]) -> None:
    """The table is complete: of each row it names each file in which a test is named after it."""
    table = _table()
    assert list(table) == list(ROWS)
    missing = {
        row: sorted(file for file in named.get(row, ()) if f"`{file}`" not in said) for row, said in table.items()
    }
    assert {row: files for row, files in missing.items() if files} == {}


def test_every_path_that_the_page_names_exists() -> None:
    """A test that moves is moved on the page as well."""
    paths = re.findall(r"`([\w./]+/[\w.]*)`", PAGE.read_text(encoding="utf-8"))
    assert len(paths) > 20
    assert [each for each in paths if not (ROOT / each).exists()] == []
