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

park = typer.Typer(help="Customers whose events wait behind one that could not be applied.", no_args_is_help=True)


class Service(StrEnum):
    """Where somebody may be parked."""

    CREDIT = "credit"
    LEDGER = "ledger"
    COLLECTIONS = "collections"
    NOTIFICATIONS = "notifications"


ServiceName = Annotated[Service, typer.Argument(help="The service in which the customer is parked.")]
CustomerId = Annotated[str, typer.Argument(help="The customer's id, as `list` shows it.")]
ItemId = Annotated[int, typer.Argument(help="The item that cannot be applied, as `show` shows it.")]


@park.command("list")
def list_parked(*, run: RunName = None, as_json: Json = False) -> None:
    """List who is parked in which service, and why; exit 1 if anybody is."""
    parked = ask(running_stack(run), _parked)
    _print(parked, ("service", "customer_id", "parked_at", "items", "cause"), as_json=as_json)
    raise typer.Exit(1 if parked else 0)


@park.command()
def show(service: ServiceName, customer_id: CustomerId, *, run: RunName = None, as_json: Json = False) -> None:
    """Show what waits for a customer, in order; the item with a cause stops the others."""
    waiting = ask(running_stack(run), lambda dueflow: _client(dueflow, service).parked_queue(customer_id))
    _print(waiting, ("item_id", "type", "day", "parked_at", "cause"), as_json=as_json)


@park.command()
def release(service: ServiceName, customer_id: CustomerId, *, run: RunName = None) -> None:
    """Apply what waits for a customer, in order; exit 1 if something still cannot be applied."""
    done = ask(running_stack(run), lambda dueflow: _client(dueflow, service).release_customer(customer_id))
    print_json(done)
    raise typer.Exit(0 if done["stopped_by"] is None else 1)


@park.command()
def discard(service: ServiceName, customer_id: CustomerId, item_id: ItemId, *, run: RunName = None) -> None:
    """Give up one item for good: what it says will never take effect in this service."""
    ask(running_stack(run), lambda dueflow: _client(dueflow, service).discard_parked(customer_id, item_id))


async def _parked(dueflow: Dueflow) -> list[Any]:
    return [
        {"service": service.value, **customer}
        for service in Service
        for customer in await _client(dueflow, service).parked_customers()
    ]


def _client(dueflow: Dueflow, service: Service) -> ServiceClient:
    clients = {
        Service.CREDIT: dueflow.credit,
        Service.LEDGER: dueflow.ledger,
        Service.COLLECTIONS: dueflow.collections,
        Service.NOTIFICATIONS: dueflow.notifications,
    }
    return clients[service]


def _print(lines: list[Any], columns: tuple[str, ...], *, as_json: bool) -> None:
    console = Console()
    if wants_json(console, chosen=as_json):
        print_json(lines)
        return
    table = Table(*(column.replace("_", " ") for column in columns))
    for line in lines:
        table.add_row(*(_cell(line[column]) for column in columns))
    console.print(table if lines else "nothing is parked")


def _cell(value: Any) -> str:
    return "" if value is None else escape(str(value))
