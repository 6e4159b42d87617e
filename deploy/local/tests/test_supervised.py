"""A supervised process stays up, and never outlives who supervises it (P1)."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from deploy.local import supervised
from deploy.local.ports import free_port
from deploy.local.supervised import Supervised

MakeProcess = Callable[..., Supervised]


@pytest.fixture
async def make_process(tmp_path: Path) -> AsyncIterator[MakeProcess]:
    """Makes fake services that are gone after the test."""
    made: list[Supervised] = []

    def make(
        *, tell: Callable[[str], None] = print, command: list[str] | None = None, **environment: str
    ) -> Supervised:
        port = free_port()
        made.append(
            Supervised(
                "fake",
                command or [sys.executable, "-m", "deploy.local.tests.fake_service", "api"],
                environment={"DUEFLOW_PORT": str(port), **environment},
                log=tmp_path / "fake.log",
                url=f"http://127.0.0.1:{port}",
                tell=tell,
            )
        )
        return made[-1]

    yield make
    for process in made:
        process.kill()


async def test_a_crashed_process_is_started_again_and_it_is_said(make_process: MakeProcess) -> None:
    """P1: with its status and the place of its log."""
    told: list[str] = []
    process = make_process(tell=told.append)
    process.start()
    await process.wait_ready()
    first = process.pid
    assert first is not None
    watching = asyncio.create_task(process.watch())
    os.kill(first, signal.SIGKILL)
    while process.restarts == 0:
        await asyncio.sleep(0.05)
    await process.wait_ready()
    watching.cancel()
    assert process.pid != first
    assert process.state == "ready"
    assert "fake ended with status -9; it starts again in 0.5 s" in told[0]


async def test_a_process_killed_on_purpose_stays_down_until_it_is_started(make_process: MakeProcess) -> None:
    """Fault tests decide when it comes back."""
    process = make_process()
    process.start()
    await process.wait_ready()
    watching = asyncio.create_task(process.watch())
    process.kill()
    await asyncio.sleep(1)
    assert (process.state, process.restarts) == ("stopped", 0)
    process.start()
    await process.wait_ready()
    watching.cancel()


async def test_more_environment_and_the_count_of_restarts_end_with_the_next_start(make_process: MakeProcess) -> None:
    """Fault tests arm one start with a crash; what comes up after it lives, and the next start counts anew."""
    process = make_process()
    for _ in range(2):
        process.start(environment={"FAKE_DEAF": "1"})
        await process.wait_ready()
        watching = asyncio.create_task(process.watch())
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        while process.restarts == 0:
            await asyncio.sleep(0.05)
        await process.wait_ready()
        watching.cancel()
        assert process.restarts == 1
        started = time.monotonic()
        await process.stop()
        assert time.monotonic() - started < supervised.GRACE_SECONDS


async def test_what_keeps_dying_is_reported_with_its_log(make_process: MakeProcess) -> None:
    """The user sees the cause, not only that there is one."""
    process = make_process(command=[sys.executable, "-c", "raise SystemExit('no such table')"])
    process.start()
    watching = asyncio.create_task(process.watch())
    with pytest.raises(RuntimeError, match="no such table"):
        await process.wait_ready()
    watching.cancel()


async def test_one_that_is_deaf_to_sigterm_is_killed_after_the_grace(
    make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing delays the end for ever."""
    monkeypatch.setattr(supervised, "GRACE_SECONDS", 0.3)
    process = make_process(FAKE_DEAF="1")
    process.start()
    await process.wait_ready()
    await process.stop()
    assert process.pid is None


def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """P1: no orphan, even after kill -9 of the runner."""
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path / "child.log")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 60
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(child)


_PARENT = """
import signal, sys, time
from pathlib import Path
from deploy.local.processes import spawn
print(spawn(["sleep", "600"], log=Path(sys.argv[1]), death_signal=signal.SIGKILL).pid, flush=True)
time.sleep(600)
"""


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
