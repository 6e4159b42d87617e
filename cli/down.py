"""`dueflow down`: ends the stacks that run on this machine."""

import os
import signal
import time

from rich.console import Console

from cli.connection import Json, ended, print_json, wants_json
from cli.exits import Exit
from deploy.local.state import RUNS, is_running, load_state

_PATIENCE_SECONDS = 60


def down(*, as_json: Json = False) -> None:
    """End what `up` or `demo` started elsewhere, and wait until it is gone."""
    console = Console()
    for root in sorted(path.parent for path in RUNS.glob("*/stack.json")):
        if not is_running(root):
            continue
        os.kill(load_state(root).pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while is_running(root):
            if time.monotonic() > deadline:
                raise ended(f"{root.name} does not end; its logs are in {root / 'logs'}", Exit.DIFFERS)
            time.sleep(0.1)
        if wants_json(console, chosen=as_json):
            print_json({"run": root.name, "ended": True})
        else:
            console.print(f"{root.name} has ended")
