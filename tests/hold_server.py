"""Keeps one server of a test run up, for all its workers, until the run says stop or is gone.

`python -m tests.hold_server postgres|kafka FOLDER PID`: writes the address to FOLDER, watches the process PID.
"""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from deploy.local.kafka import EmbeddedKafka
from deploy.local.postgres import EmbeddedPostgres
from tests import docker_servers

DOCKER = os.environ.get("DUEFLOW_TEST_SERVERS") == "docker"


def main() -> None:
    """Start the server, write its address, wait, end it, and remove the address as the sign that all is done."""
    kind, folder, pid = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    address, end = _start(kind, folder)
    fresh = folder / f"{kind}.fresh"
    fresh.write_text(address)
    fresh.rename(folder / f"{kind}.address")
    while not told.wait(1) and _is_alive(pid):
        pass
    end()
    shutil.rmtree(folder / kind, ignore_errors=True)
    (folder / f"{kind}.address").unlink()


def _start(kind: str, folder: Path) -> tuple[str, Callable[[], None]]:
    """The server's address and how to end it; nothing of it is kept, so it may end without ceremony."""
    match kind, DOCKER:
        case "postgres", False:
            postgres = EmbeddedPostgres(folder / kind, durable=False)
            postgres.start()
            return postgres.url, postgres.kill
        case "kafka", False:
            kafka = EmbeddedKafka(folder / kind)
            kafka.start()
            return kafka.bootstrap, kafka.kill
        case "postgres", True:
            return docker_servers.postgres()
        case "kafka", True:
            return docker_servers.kafka()
        case _:
            raise ValueError(f"not a server: {kind}")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
