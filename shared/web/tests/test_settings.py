from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import ServiceSettings

GIVEN = {
    "DUEFLOW_DATABASE_URL": "postgresql+asyncpg://ledger:hush@db/ledger",
    "DUEFLOW_KAFKA_BOOTSTRAP": "kafka:9092",
    "DUEFLOW_API_KEYS_FILE": "keys.json",
    "DUEFLOW_PORT": "8001",
    "DUEFLOW_WORKER_PORT": "8101",
}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with what must be given, and nothing else."""
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def read() -> ServiceSettings:
    """Settings as a service reads them."""
    return ServiceSettings()


def test_settings_come_from_the_environment_and_show_no_secret(given: pytest.MonkeyPatch) -> None:
    """P7, P9: the database's password is not in what is printed."""
    assert (read().port, read().partitions, read().clock) == (8001, 12, "civil")
    assert "hush" not in repr(read())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DUEFLOW_PORT", "0"),
        ("DUEFLOW_CLOCK", "wall"),
        ("DUEFLOW_PARTITIONS", "0"),
        ("DUEFLOW_DATABASE_URL", "postgresql://db/ledger"),
    ],
)
def test_a_setting_that_cannot_work_stops_the_start(given: pytest.MonkeyPatch, name: str, value: str) -> None:
    """P7: with the name of the setting."""
    given.setenv(name, value)
    with pytest.raises(ValidationError, match=name.removeprefix("DUEFLOW_").lower()):
        read()


def test_the_secret_of_cursors_is_a_file_or_lasts_a_process(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """P9: shared by the replicas of a service through a file."""
    assert read().cursor_secret() != read().cursor_secret()
    (tmp_path / "secret").write_bytes(b"x" * 32)
    given.setenv("DUEFLOW_CURSOR_SECRET_FILE", str(tmp_path / "secret"))
    assert read().cursor_secret() == b"x" * 32
