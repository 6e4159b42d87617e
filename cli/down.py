"""`dueflow down`: ends the stacks that run on this machine."""

import os
import signal
import time

import typer
from rich.console import Console

from deploy.local.state import RUNS, is_running, load_state

_PATIENCE_SECONDS = 60


def down() -> None:
    """End what `up` or `demo` started elsewhere, and wait until it is gone."""
    console = Console()
    for root in sorted(path.parent for path in RUNS.glob("*/stack.json")):
        if not is_running(root):
            continue
        os.kill(load_state(root).pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while is_running(root):
            if time.monotonic() > deadline:
                console.print(f"{root.name} does not end; its logs are in {root / 'logs'}", style="red")
                raise typer.Exit(1)
            time.sleep(0.1)
        console.print(f"{root.name} has ended")
