"""P9: secrets are made fresh, and a step refuses one that is missing or could be guessed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.docker.prepare import make_keys, secret
from shared.web.keys import KeyFile

ROOT = Path(__file__).parents[3]
_KEY = "k" * 24
_OTHER_KEY = "o" * 24
_READING_KEY = "r" * 24
_CHOICES = {"DUEFLOW_PARTITIONS", "DUEFLOW_CLOCK", "DUEFLOW_AUTO_OPEN_DAYS"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the script and what it reads."""
    (tmp_path / "deploy/docker").mkdir(parents=True)
    for name in (".env.example", "deploy/docker/secrets.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def _make_secrets(clone: Path) -> dict[str, str]:
    subprocess.run(["/bin/sh", "deploy/docker/secrets.sh"], cwd=clone, check=True)
    lines = (line for line in (clone / ".env").read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def test_every_secret_is_made_and_no_two_are_equal(clone: Path) -> None:
    """P9: 192 bits each, for this user's eyes only."""
    made = _make_secrets(clone)
    secrets = [value for name, value in made.items() if name not in _CHOICES]
    assert all(len(value) == 48 for value in secrets)
    assert len(set(secrets)) == len(secrets) == 11
    assert (clone / ".env").stat().st_mode & 0o777 == 0o600


def test_secrets_that_are_there_stay(clone: Path) -> None:
    """The databases were made with them."""
    assert _make_secrets(clone) == _make_secrets(clone)


async def test_the_keys_are_admitted_and_the_cursors_are_signed(tmp_path: Path) -> None:
    """P9: the services read hashes; the step may be run again."""
    keys, cursor = tmp_path / "api-keys.json", tmp_path / "cursor.secret"
    environment = {
        "DUEFLOW_API_KEYS_FILE": str(keys),
        "DUEFLOW_CURSOR_SECRET_FILE": str(cursor),
        "DUEFLOW_API_KEY": _KEY,
        "DUEFLOW_COLLEAGUE_API_KEY": _OTHER_KEY,
        "DUEFLOW_CHECKER_API_KEY": _READING_KEY,
        "DUEFLOW_CURSOR_SECRET": "c" * 24,
    }
    await make_keys(environment)
    await make_keys(environment)
    callers = [KeyFile(keys).caller(key) for key in (_KEY, _OTHER_KEY, _READING_KEY)]
    assert [caller and caller.name for caller in callers] == ["local", "colleague", "checker"]
    assert callers[2] is not None
    assert callers[2].scopes == {"read"}
    assert cursor.read_text() == "c" * 24
    assert _KEY not in keys.read_text()


@pytest.mark.parametrize("value", [None, "", "secret"])
def test_a_secret_that_could_be_guessed_is_refused(value: str | None) -> None:
    """P9: start refuses defaults, and says how to make a good one without repeating the bad one."""
    environment = {} if value is None else {"DUEFLOW_API_KEY": value}
    with pytest.raises(SystemExit, match="DUEFLOW_API_KEY needs 24 characters"):
        secret(environment, "DUEFLOW_API_KEY")
