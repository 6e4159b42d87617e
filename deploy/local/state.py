"""What a running stack says about itself, so that commands started elsewhere find it."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from deploy.local.files import write_private

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "var"


class AlreadyRunning(Exception):
    """Another process runs a stack over this folder."""


class NotRunning(Exception):
    """No stack runs over this folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StackState:
    """Addresses and credentials of a running stack; by service where a mapping."""

    pid: int
    api_urls: dict[str, str]
    worker_urls: dict[str, str]
    checker_urls: dict[str, str]
    bootstrap: str
    topic_prefix: str
    partitions: int
    api_key: str
    mailbox_url: str | None
    # Of a second person, for what one may not do alone.
    colleague_key: str | None = None
    # Of a superuser of the database server, where this machine runs it.
    server_url: str | None = None

    def save(self, root: Path) -> None:
        """Write it where `load` finds it."""
        write_private(root / "stack.json", json.dumps(asdict(self), indent=2))


def load_state(root: Path) -> StackState:
    """The state of the stack that runs over `root`; raises `NotRunning`."""
    if not is_running(root):
        raise NotRunning(f"nothing runs in {root}: start it with `make up`")
    return StackState(**json.loads((root / "stack.json").read_text()))


@contextmanager
def held_folder(root: Path) -> Iterator[None]:
    """Hold `root` for one stack, from before its first process until after its last; raises `AlreadyRunning`.

    At the end, and of what a killed run left behind, nothing is said any more: so who waits for a stack waits for all.
    """
    with lock_folder(root):
        try:
            _forget_state(root)
            yield
        finally:
            _forget_state(root)


def is_running(root: Path) -> bool:
    """Whether a stack over `root` has told where it is, and still holds the folder."""
    if not (root / "stack.json").exists():
        return False
    try:
        lock_folder(root).close()
    except AlreadyRunning:
        return True
    return False


def lock_folder(root: Path) -> IO[str]:
    """Hold the folder for this process for as long as the file stays open; raises `AlreadyRunning`."""
    root.mkdir(parents=True, exist_ok=True)
    lock = (root / "stack.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise AlreadyRunning(f"a stack runs in {root} already: end it with `make down`") from error
    return lock


def _forget_state(root: Path) -> None:
    (root / "stack.json").unlink(missing_ok=True)
