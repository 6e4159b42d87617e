"""One process that is kept up: watched, and started again after a growing pause when it ends unasked."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

from deploy.local.processes import kill, spawn, stop, tail
from deploy.local.state import ROOT

GRACE_SECONDS = 20
_LOOK_SECONDS = 0.25
_READY_LOOK_SECONDS = 2.0  # each look costs a ready service a query
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0
_STEADY_SECONDS = 60
_MENDED_BY_COMMAND = {"relay"}  # `dueflow stream new-epoch`, which needs all others to run
_HOPELESS_RESTARTS = 3


class Supervised:
    """A process, its log, and the URL that says whether it is ready."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        url: str,
        tell: Callable[[str], None],
    ) -> None:
        self.name = name
        self.url = url
        self.log = log
        self.restarts = 0
        self.is_ready = False
        self.waits_for_person = False
        self.arguments = arguments
        self.environment = environment
        self._tell = tell
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = False
        self._started = 0.0
        self._pause = _FIRST_PAUSE_SECONDS

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def exit_status(self) -> int | None:
        """How it ended last; None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def state(self) -> str:
        """In a word, for people."""
        if not self._is_wanted:
            return "stopped"
        if self.pid is None:
            return "crashed"
        return "ready" if self.is_ready else "starting"

    def start(self, *, environment: Mapping[str, str] | None = None) -> None:
        """Start it; `environment` is more of it for this start only, so that a crash that it asks for happens once."""
        assert self.pid is None, f"{self.name} runs already"
        self.restarts, self._pause = 0, _FIRST_PAUSE_SECONDS
        self._spawn({**self.environment, **(environment or {})})

    def kill(self) -> None:
        """End it as a crash would, and leave it down until it is started."""
        self._is_wanted = self.is_ready = False
        if self._process:
            kill(self._process)

    async def stop(self) -> None:
        """End it gently (SIGTERM, after 20 s SIGKILL), and leave it down until it is started."""
        self._is_wanted = self.is_ready = False
        if self._process:
            await asyncio.to_thread(stop, self._process, gently=signal.SIGTERM, grace_seconds=GRACE_SECONDS)

    async def wait_ready(self, *, seconds: float = 180) -> None:
        """Return when it is ready, or needs a command that a person gives it once it runs.

        Raises `RuntimeError` with the end of its log if it keeps dying or is late.
        """
        deadline = time.monotonic() + seconds
        async with httpx.AsyncClient() as client:
            while not await self._look(client) and not self.waits_for_person:
                if self.restarts >= _HOPELESS_RESTARTS or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} does not become ready:\n{tail(self.log)}")
                await asyncio.sleep(_LOOK_SECONDS)
        if self.waits_for_person:
            self._tell(f"{self.name} waits for a person: see {self.log}")

    async def watch(self) -> None:
        """Look after it until canceled."""
        async with httpx.AsyncClient() as client:
            while True:
                await self._look(client)
                if self._is_wanted and self.pid is None:
                    await self._start_again()
                await self._stay(_READY_LOOK_SECONDS if self.is_ready else _LOOK_SECONDS)

    async def _stay(self, seconds: float) -> None:
        """Wait, but not on a process that has died."""
        until = time.monotonic() + seconds
        await asyncio.sleep(_LOOK_SECONDS)
        while time.monotonic() < until and self.pid is not None:
            await asyncio.sleep(_LOOK_SECONDS)

    def _spawn(self, environment: Mapping[str, str]) -> None:
        self._process = spawn(
            self.arguments, log=self.log, death_signal=signal.SIGKILL, environment=environment, folder=ROOT
        )
        self._started = time.monotonic()
        self._is_wanted = True

    async def _look(self, client: httpx.AsyncClient) -> bool:
        try:
            answer = await client.get(f"{self.url}/readyz", timeout=2)
        except httpx.HTTPError:
            self.is_ready = self.waits_for_person = False
        else:
            self.is_ready = self.pid is not None and answer.is_success
            self.waits_for_person = not self.is_ready and _failing(answer) == _MENDED_BY_COMMAND
        return self.is_ready

    async def _start_again(self) -> None:
        assert self._process is not None
        if time.monotonic() - self._started > _STEADY_SECONDS:
            self._pause = _FIRST_PAUSE_SECONDS
        self._tell(
            f"{self.name} ended with status {self._process.returncode}; "
            f"it starts again in {self._pause:g} s, see {self.log}"
        )
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        if self._is_wanted and self.pid is None:
            self.restarts += 1
            self._spawn(self.environment)


def _failing(answer: httpx.Response) -> set[str]:
    checks = answer.json().get("checks", {}) if answer.headers.get("Content-Type", "").endswith("json") else {}
    return {name for name, state in checks.items() if state != "ok"}
