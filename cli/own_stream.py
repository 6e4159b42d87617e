"""`dueflow stream`: what a service publishes, and the ways out where its topic and its database contradict."""

from collections.abc import Awaitable
from typing import Annotated, Any

import typer
from dueflow_client import Dueflow
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from cli.connection import Json, RunName, ask, ended, print_json, running_stack, wants_json
from cli.exits import Exit
from cli.park import Service, Yes, client_of_service
from deploy.local.state import StackState

stream = typer.Typer(help="What a service publishes, where its topic and its database differ.", no_args_is_help=True)

ServiceName = Annotated[Service, typer.Argument(help="The service that publishes.")]
PartitionNo = Annotated[int, typer.Argument(min=0, help="The partition, as `show` shows it.")]
Sequence = Annotated[int, typer.Argument(min=1, help="The number of the first event that is missing.")]


@stream.command()
def show(service: ServiceName, *, run: RunName = None, as_json: Json = False) -> None:
    """Compare each partition's end with the database; exit 1 if anything contradicts: then nothing is published."""
    heads = _heads(running_stack(run), service)
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json(heads)
    else:
        console.print(_table(heads))
    raise typer.Exit(Exit.DIFFERS if any(head["conflict"] for head in heads) else Exit.HELD)


@stream.command("new-epoch")
def new_epoch(service: ServiceName, *, yes: Yes = False, run: RunName = None, as_json: Json = False) -> None:
    """Go on with a restored database: a new epoch where it contradicts the topic; refused where nothing does.

    What the topic alone holds stays told; what it does not hold is told in the new epoch.
    """
    state, console = running_stack(run), Console()
    conflicts = [head for head in _heads(state, service) if head["conflict"]]
    if not conflicts:
        raise ended(f"{service.value}: topic and database do not contradict each other; nothing was done", Exit.DIFFERS)
    if not yes:
        Console(stderr=True).print(_table(conflicts))
        question = "Is the original gone for good, and this database the one to go on with?"
        typer.confirm(question, abort=True, err=True)
    with Progress(console=Console(stderr=True), transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("partitions read from their first records", total=len(conflicts))

        def begin(dueflow: Dueflow) -> Awaitable[list[Any]]:
            return client_of_service(dueflow, service).begin_epoch(told=lambda _: progress.advance(bar))

        begun = ask(state, begin)
    if wants_json(console, chosen=as_json):
        print_json(begun)
        return
    for each in begun:
        console.print(
            f"partition {each['partition_no']}: epoch {each['epoch']} begins; {each['taken_over']} events that only "
            f"the topic had are taken over, {each['to_be_told']} that it does not have are told now"
        )
    console.print("run `dueflow check`: it says what still differs between the services")


@stream.command("send-again")
def send_again(
    service: ServiceName,
    partition_no: PartitionNo,
    sequence: Sequence,
    *,
    run: RunName = None,
    as_json: Json = False,
) -> None:
    """Send what the broker lost once more, from this number on; readers skip what they have applied."""
    rows = ask(
        running_stack(run),
        lambda dueflow: client_of_service(dueflow, service).send_again(partition_no, sequence=sequence),
    )
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json({"service": service, "partition_no": partition_no, "sequence": sequence, "rows": rows})
    else:
        console.print(f"{rows} events are sent again; `dueflow replay` leads readers that stand still to them")


def _heads(state: StackState, service: Service) -> list[Any]:
    return ask(state, lambda dueflow: client_of_service(dueflow, service).stream_heads())


def _table(heads: list[Any]) -> Table:
    table = Table("partition", "epoch", "numbered", "acknowledged", "topic's epoch", "topic ends at", "")
    for head in heads:
        counts = ("epoch", "sequence", "acknowledged_sequence", "topic_epoch", "topic_sequence")
        shown = ("-" if head[each] is None else f"{head[each]:,}" for each in counts)
        table.add_row(str(head["partition_no"]), *shown, escape(head["conflict"] or ""))
    return table
