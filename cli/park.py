"""`dueflow park`: the customers whose events wait behind one that could not be applied, and the ways out."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from dueflow_client import Dueflow
from dueflow_client.service import ServiceClient
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connection import Json, RunName, ask, print_json, running_stack, wants_json
from cli.exits import Exit

park = typer.Typer(help="Customers whose events wait behind one that could not be applied.", no_args_is_help=True)


class Service(StrEnum):
    """Where somebody may be parked, or a partition stand still."""

    CREDIT = "credit"
    LEDGER = "ledger"
    COLLECTIONS = "collections"
    NOTIFICATIONS = "notifications"


ServiceName = Annotated[Service, typer.Argument(help="The service in which the customer is parked.")]
CustomerId = Annotated[str, typer.Argument(help="The customer's id, as `list` shows it.")]
ItemId = Annotated[int, typer.Argument(help="The item that cannot be applied, as `show` shows it.")]
Reason = Annotated[str, typer.Option(help="Why, which the service keeps: no names, no addresses.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


@park.command("list")
def list_parked(*, run: RunName = None, as_json: Json = False) -> None:
    """List who is parked in which service, and why; exit 1 if anybody is."""
    parked = ask(running_stack(run), _parked)
    _print(parked, ("service", "customer_id", "parked_at", "items", "cause"), as_json=as_json)
    raise typer.Exit(Exit.DIFFERS if parked else Exit.HELD)


@park.command()
def show(service: ServiceName, customer_id: CustomerId, *, run: RunName = None, as_json: Json = False) -> None:
    """Show what waits for a customer, in order; the item with a cause stops the others."""
    waiting = ask(running_stack(run), lambda dueflow: client_of_service(dueflow, service).parked_queue(customer_id))
    _print(waiting, ("item_id", "type", "day", "parked_at", "cause"), as_json=as_json)


@park.command()
def release(service: ServiceName, customer_id: CustomerId, *, run: RunName = None, as_json: Json = False) -> None:
    """Apply what waits for a customer, in order; exit 1, and nothing applied, if something still cannot be."""
    done = ask(running_stack(run), lambda dueflow: client_of_service(dueflow, service).release_customer(customer_id))
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json(done)
    elif done["stopped_by"] is None:
        console.print(f"{done['applied']} items are applied; the customer's events flow again")
    else:
        console.print(f"[red]nothing is applied: item {done['stopped_by']} stops it:[/] {escape(done['cause'])}")
    raise typer.Exit(Exit.HELD if done["stopped_by"] is None else Exit.DIFFERS)


@park.command()
def discard(
    service: ServiceName,
    customer_id: CustomerId,
    item_id: ItemId,
    *,
    reason: Reason,
    yes: Yes = False,
    run: RunName = None,
    as_json: Json = False,
) -> None:
    """Give up one item for good: what it says will never take effect in this service."""
    state = running_stack(run)
    if not yes:
        typer.confirm(f"Item {item_id} will never take effect in {service}. Discard it?", abort=True, err=True)
    ask(
        state,
        lambda dueflow: client_of_service(dueflow, service).discard_parked(customer_id, item_id, reason=reason),
    )
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json({"service": service, "customer_id": customer_id, "item_id": item_id, "discarded": True})
    else:
        console.print(f"item {item_id} is discarded; release the customer, then run `dueflow check`")


@park.command()
def discarded(service: ServiceName, customer_id: CustomerId, *, run: RunName = None, as_json: Json = False) -> None:
    """Show what was given up of a customer's queue, by whom and why."""
    gone = ask(running_stack(run), lambda dueflow: client_of_service(dueflow, service).discarded_items(customer_id))
    _print(
        gone,
        ("item_id", "type", "day", "discarded_at", "discarded_by", "reason"),
        as_json=as_json,
        none="nothing was discarded",
    )


def client_of_service(dueflow: Dueflow, service: Service) -> ServiceClient:
    """Return the part of the client that talks to this service."""
    clients = {
        Service.CREDIT: dueflow.credit,
        Service.LEDGER: dueflow.ledger,
        Service.COLLECTIONS: dueflow.collections,
        Service.NOTIFICATIONS: dueflow.notifications,
    }
    return clients[service]


async def _parked(dueflow: Dueflow) -> list[Any]:
    return [
        {"service": service.value, **customer}
        for service in Service
        for customer in await client_of_service(dueflow, service).parked_customers()
    ]


def _print(lines: list[Any], columns: tuple[str, ...], *, as_json: bool, none: str = "nothing is parked") -> None:
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json(lines)
        return
    table = Table(*(column.replace("_", " ") for column in columns))
    for line in lines:
        table.add_row(*(_cell(line[column]) for column in columns))
    console.print(table if lines else none)


def _cell(value: Any) -> str:
    return "" if value is None else escape(str(value))
