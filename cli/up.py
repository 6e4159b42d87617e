"""`dueflow up`: everything on this machine, in the foreground, with the real clock."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from cli.connection import JsonOnly, ended, print_json
from cli.exits import Exit
from cli.running import health_table, run_until_told
from deploy.local.runner import LocalStack
from deploy.local.state import RUNS, AlreadyRunning

Partitions = Annotated[int, typer.Option(min=1, envvar="DUEFLOW_PARTITIONS", help="Chosen once, at the first start.")]


def up(partitions: Partitions = 12, *, as_json: JsonOnly = False) -> None:
    """Start PostgreSQL, Kafka and the services; Ctrl-C ends them."""
    try:
        status = run_until_told(_up(Console(stderr=as_json), partitions=partitions, as_json=as_json))
    except AlreadyRunning as error:
        raise ended(str(error), Exit.DIFFERS) from None
    raise typer.Exit(status)


async def _up(console: Console, *, partitions: int, as_json: bool) -> int:
    stack = LocalStack(
        RUNS / "up",
        partitions=partitions,
        usual_ports=True,
        extra_environment={"DUEFLOW_AUTO_OPEN_DAYS": "true"},
        tell=console.print,
    )
    with Live(console=console, get_renderable=lambda: health_table(stack), refresh_per_second=2, transient=True):
        async with stack:
            await stack.start_checker()
            key_file = stack.root / "secrets.json"
            console.print(
                f"ready. The key named local is in {key_file} (api_key); make another: dueflow token create NAME"
            )
            console.print(f"what must always hold is watched: {stack.process('checker').url}/metrics")
            if stack.mailbox_url:
                console.print(f"mail that is sent is caught: {stack.mailbox_url}")
            if as_json:
                apis = {service: stack.api_url(service) for service in stack.services}
                print_json({"apis": apis, "mail": stack.mailbox_url, "key_file": key_file})
            await asyncio.get_running_loop().create_future()
    return 0
