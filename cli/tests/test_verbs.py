"""The verbs that need no running stack (P14)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import doctor, down, token
from cli.main import app
from shared.web.keys import KeyFile


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs of our own."""
    for verb in (doctor, down, token):
        monkeypatch.setattr(verb, "RUNS", tmp_path)
    return tmp_path


def test_a_new_key_is_shown_once_and_admits_its_holder(runs: Path) -> None:
    """P9 and P14: the file has the hash, never the key."""
    key = _run("token", "erp", "--scope", "write").stdout.strip()
    keys = runs / "up" / "api-keys.json"
    assert key not in keys.read_text()
    caller = KeyFile(keys).caller(key)
    assert caller is not None
    assert (caller.name, caller.scopes) == ("erp", frozenset({"read", "write"}))


def test_a_second_key_of_a_name_ends_the_first_and_revoking_ends_both(runs: Path) -> None:
    """P9: a name has one key."""
    first = _run("token", "erp").stdout.strip()
    second = _run("token", "erp").stdout.strip()
    keys = runs / "up" / "api-keys.json"
    assert KeyFile(keys).caller(first) is None
    assert KeyFile(keys).caller(second) is not None
    assert _run("token", "erp", "--revoke").exit_code == 0
    assert json.loads(keys.read_text()) == []
    assert _run("token", "erp", "--revoke").exit_code == 1


def test_doctor_finds_all_that_setup_brings() -> None:
    """P14: on a machine where the tests run, nothing is missing."""
    result = _run("doctor")
    assert result.exit_code == 0, result.stdout
    assert "46 jars" in result.stdout or "broker named in" in result.stdout


def test_doctor_says_how_to_get_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """P14: the remedy, not only the lack."""
    monkeypatch.setattr(doctor, "_NEEDED_DISK", 2**60)
    result = _run("doctor")
    assert result.exit_code == 1
    assert "make clean" in result.stdout


def test_down_ends_nothing_where_nothing_runs(runs: Path) -> None:
    """P14: a state file that a killed run left is not believed."""
    (runs / "up").mkdir()
    (runs / "up" / "stack.json").write_text("{}")
    result = _run("down")
    assert (result.exit_code, result.stdout) == (0, "")


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
