"""The verbs that need no running stack (P14)."""

import json
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Never

import httpx
import pytest
from dueflow_client import Problem
from typer.testing import CliRunner, Result

from cli import aging, connection, doctor, down, token
from cli.exits import Exit
from cli.main import app
from shared.clock import MachineClock
from shared.messaging.kafka import KafkaAway
from shared.web.keys import KeyFile


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs of our own."""
    for verb in (connection, doctor, down, token):
        monkeypatch.setattr(verb, "RUNS", tmp_path)
    return tmp_path


def test_a_new_key_is_shown_once_and_admits_its_holder(runs: Path) -> None:
    """P9 and P14: the file has the hash, never the key."""
    key = _run("token", "create", "erp", "--scope", "write").stdout.strip()
    keys = runs / "up" / "api-keys.json"
    assert key not in keys.read_text()
    caller = KeyFile(keys).caller(key)
    assert caller is not None
    assert (caller.name, caller.scopes) == ("erp", frozenset({"read", "write"}))


def test_a_second_key_of_a_name_ends_the_first_and_revoking_ends_both(runs: Path) -> None:
    """P9: a name has one key."""
    first = _run("token", "create", "erp").stdout.strip()
    second = _run("token", "create", "erp").stdout.strip()
    keys = runs / "up" / "api-keys.json"
    assert KeyFile(keys).caller(first) is None
    assert KeyFile(keys).caller(second) is not None
    assert _run("token", "revoke", "erp").exit_code == 0
    assert json.loads(keys.read_text()) == []
    assert _run("token", "revoke", "erp").exit_code == 1


def test_who_has_a_key_is_listed_and_the_key_is_not(runs: Path) -> None:
    """P9 and P14: a list shows names and scopes."""
    key = json.loads(_run("token", "create", "erp", "--scope", "read", "--json").stdout)["key"]
    _run("token", "create", "bank")
    listed = _run("token", "list").stdout
    assert [json.loads(line) for line in listed.splitlines()] == [
        {"name": "erp", "scopes": ["read"]},
        {"name": "bank", "scopes": ["admin", "read", "write"]},
    ]
    assert key not in listed


def test_no_key_is_made_that_containers_would_not_know(runs: Path) -> None:
    """P14: theirs lies in a volume, and comes from .env."""
    result = _run("token", "create", "erp", "--run", "compose")
    assert (result.exit_code, result.stdout) == (Exit.USAGE, "")
    assert "DUEFLOW_API_KEY" in result.stderr
    assert list(runs.iterdir()) == []


def test_doctor_finds_all_that_setup_brings() -> None:
    """P14: on a machine where the tests run, nothing is missing."""
    result = _run("doctor")
    assert result.exit_code == 0, result.stdout
    found = {each["what"]: each for each in map(json.loads, result.stdout.splitlines())}
    assert found["Kafka"]["said"].startswith(("46 jars", "the broker named in"))
    assert {"Java", "PostgreSQL", "Docker", "ports", "disk", "clock", "Chromium"} < found.keys()


def test_doctor_does_not_fail_for_what_one_thing_only_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """P14: no Docker and no browser is said, with what needs them, and is no failure."""
    monkeypatch.setenv("PATH", str(tmp_path))
    result = _run("doctor")
    found = {each["what"]: each for each in map(json.loads, result.stdout.splitlines())}
    assert result.exit_code == 0
    assert (found["Docker"]["state"], found["Chromium"]["state"]) == ("optional", "optional")
    assert "make browser" in found["Chromium"]["said"]


def test_doctor_names_a_port_that_somebody_else_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """P14: `make up` goes on with another port; the examples and Compose need this one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(doctor, "USUAL_PORTS", {"ledger": port})
        assert f"listens on {port}:" in _run("doctor").stdout


def test_doctor_refuses_a_clock_from_before_this_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """P14: business days would begin in the past."""
    monkeypatch.setattr(MachineClock, "now", lambda _clock: datetime(2001, 1, 1, tzinfo=UTC))
    result = _run("doctor")
    assert result.exit_code == 1
    assert "set it" in result.stdout


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


@pytest.mark.parametrize(
    "verb",
    [
        ("day",),
        ("aging",),
        ("check",),
        ("replay",),
        ("park", "list"),
        ("park", "release", "ledger", "x"),
        ("park", "discard", "ledger", "x", "1", "--reason", "y", "--yes"),
        ("stream", "show", "ledger"),
        ("stream", "new-epoch", "ledger", "--yes"),
        ("stream", "send-again", "ledger", "0", "1"),
        ("sending", "show"),
        ("sending", "unmute", "--reason", "y"),
        ("backup", "nowhere"),
    ],
)
@pytest.mark.usefixtures("_nowhere")
def test_a_verb_that_finds_nothing_running_ends_with_3(verb: tuple[str, ...]) -> None:
    """P14: what cannot be reached is no finding; the answer's stream stays empty for the program that reads it."""
    result = _run(*verb)
    assert (result.exit_code, result.stdout) == (Exit.AWAY, "")
    assert "make up" in result.stderr


@pytest.fixture
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No containers either."""
    monkeypatch.setattr(connection, "installed_in_containers", lambda: None)


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (Problem(status=409, type="/problems/conflict", title="conflict", detail="mend it"), Exit.DIFFERS),
        (httpx.ConnectError("refused"), Exit.AWAY),
        (KafkaAway("no answer"), Exit.AWAY),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
    ],
)
def test_a_failed_question_ends_as_documented(
    raised: BaseException, status: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P14: refused, away and interrupted are three different ends."""

    def refuse(_state: object) -> Never:
        raise raised

    monkeypatch.setattr(aging, "running_stack", lambda _run: None)
    monkeypatch.setattr(connection, "client_of", refuse)
    assert _run("aging").exit_code == status


@pytest.mark.parametrize("verb", [("nonsense",), ("park", "discard", "ledger", "x", "1"), ("day", "tomorrow")])
def test_a_command_line_that_cannot_be_read_ends_with_2(verb: tuple[str, ...]) -> None:
    """P14: nothing was done; a discard without a reason is one of these."""
    assert _run(*verb).exit_code == Exit.USAGE


@pytest.mark.usefixtures("_nowhere")
def test_without_docker_the_demo_in_containers_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """P12: a clear sentence and exit 3, before anything is started."""
    monkeypatch.setenv("PATH", str(tmp_path))
    result = _run("demo", "--compose", "--days", "1")
    assert result.exit_code == Exit.AWAY
    assert "there is no Docker here" in result.stderr


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
