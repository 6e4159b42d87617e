"""The map of the invariants in README names every check, under its number, and none that is not there."""

import importlib
import pkgutil
import re
from pathlib import Path

import checker
from checker.findings import Check
from checker.told import RECORDED_AND_TOLD

ROOT = Path(__file__).parents[2]
_README = (ROOT / "checker/README.md").read_text()
_ROWS = re.findall(r"^\| (\d+) .*?\| (.*?) \| (.*?) \|$", _README, re.MULTILINE)


def checks() -> dict[str, Check]:
    """By name: every check that a module of the checker declares."""
    found: list[Check] = [RECORDED_AND_TOLD]
    for module in pkgutil.iter_modules(checker.__path__, "checker."):
        if not module.ispkg and module.name != "checker.main":
            for value in vars(importlib.import_module(module.name)).values():
                found += [each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, Check)]
    return {each.name: each for each in found}


def test_p11_the_map_names_every_check_and_no_other() -> None:
    """P11: whoever adds a check says which invariant it watches, and who breaks it."""
    named = {name for _, cells, _ in _ROWS for name in re.findall(r"`([a-z0-9-]+)`", cells)}
    assert named == checks().keys()


def test_p11_each_check_stands_under_its_own_number() -> None:
    """P11: the number that an alarm shows leads to its row."""
    rows = [(number, re.findall(r"`([a-z0-9-]+)`", cells)) for number, cells, _ in _ROWS]
    for check in checks().values():
        assert any(number == check.invariant and check.name in names for number, names in rows), check.name


def test_p11_each_test_that_the_map_names_is_there() -> None:
    """P11: a map that leads nowhere would look like proof."""
    tests = re.findall(r"`((?:[a-z_]+/)+test_[a-z_]+\.py)`", _README)
    assert tests
    assert [each for each in tests if not (ROOT / each).exists()] == []
