"""Runs a command that ends cleanly when it is told to, and shows the health of what it runs."""

import asyncio
import signal
from collections.abc import Coroutine

from rich.table import Table

from cli.exits import Exit
from deploy.local.runner import LocalStack

_STYLES = {"ready": "green", "starting": "yellow", "crashed": "red", "stopped": "dim"}


def run_until_told(work: Coroutine[object, object, int]) -> int:
    """Run to the ended, or until Ctrl-C, SIGTERM or SIGHUP cancel it; returns the exit status (130 if canceled)."""

    async def cancelable() -> int:
        task = asyncio.ensure_future(work)
        for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(told, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return Exit.INTERRUPTED

    return asyncio.run(cancelable())


def health_table(stack: LocalStack) -> Table:
    """One row per process: its state, address and restarts."""
    table = Table("process", "state", "address", "restarts", title=f"Dueflow in {stack.root}", title_justify="left")
    for process in stack.processes:
        state = f"[{_STYLES[process.state]}]{process.state}[/]"
        table.add_row(process.name, state, process.url, str(process.restarts or ""))
    return table
