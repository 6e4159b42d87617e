"""One PostgreSQL and one Kafka per test run: those named in the environment, else started when a test first asks."""

import fcntl
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.processes import tail
from deploy.local.servers import KAFKA_VARIABLE, POSTGRES_VARIABLE
from deploy.local.topics import delete_topics

_FOLDER_VARIABLE = "DUEFLOW_TEST_FOLDER"
_CONTROLLER_VARIABLE = "DUEFLOW_TEST_CONTROLLER"
_START_SECONDS = 120
_STOP_SECONDS = 30
_ROOT = Path(__file__).parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """The process that controls the run makes the folder that its xdist workers share."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="dueflow-tests-"))
    folder.chmod(0o711)  # PostgreSQL may run as another user than we
    os.environ[_FOLDER_VARIABLE] = str(folder)
    os.environ[_CONTROLLER_VARIABLE] = str(os.getpid())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The controlling process ends the servers that its workers had started."""
    if hasattr(config, "workerinput"):
        return
    folder = run_folder()
    for pid_file in folder.glob("*.pid"):
        _end(pid_file)
    shutil.rmtree(folder, ignore_errors=True)


def run_folder() -> Path:
    """The folder this run's workers share."""
    return Path(os.environ[_FOLDER_VARIABLE])


@contextmanager
def one_worker_at_a_time(name: str) -> Iterator[None]:
    """Workers of this run pass here one after another."""
    with (run_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a superuser of a real PostgreSQL."""
    return os.environ.get(POSTGRES_VARIABLE) or _held("postgres")


@pytest.fixture(scope="session")
def kafka_bootstrap() -> str:
    """The address of a real Kafka."""
    return os.environ.get(KAFKA_VARIABLE) or _held("kafka")


@pytest.fixture
async def topic_prefix(kafka_bootstrap: str) -> AsyncIterator[str]:
    """A prefix no other test has; the topics made with it are deleted after the test."""
    prefix = f"test-{secrets.token_hex(6)}."
    yield prefix
    await delete_topics(bootstrap=kafka_bootstrap, prefix=prefix)


def _held(kind: str) -> str:
    address = run_folder() / f"{kind}.address"
    with one_worker_at_a_time(kind):
        if not address.exists():
            _start(kind, address)
    return address.read_text()


def _start(kind: str, address: Path) -> None:
    log = address.with_suffix(".log")
    # Not subprocess.Popen: that one complains when the worker that started it ends first, as here it may.
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "tests.hold_server", kind, str(run_folder()), os.environ[_CONTROLLER_VARIABLE]],
        {**os.environ, "PYTHONPATH": str(_ROOT)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    address.with_suffix(".pid").write_text(str(pid))
    deadline = time.monotonic() + _START_SECONDS
    while not address.exists():
        if os.waitpid(pid, os.WNOHANG) != (0, 0) or time.monotonic() > deadline:
            raise RuntimeError(f"{kind} did not start:\n{tail(log)}")
        time.sleep(0.05)


def _end(pid_file: Path) -> None:
    address = pid_file.with_suffix(".address")
    if not address.exists():
        return
    os.kill(int(pid_file.read_text()), signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while address.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
