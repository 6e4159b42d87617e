"""Connects to a running stack: the client of its services, and the place where the checker may read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dueflow_client import Addresses, Dueflow

from checker.everything import Installation
from deploy.local.state import StackState


def client_of(state: StackState) -> Dueflow:
    """Return a client with the stack's own key; use it as a context manager."""
    return Dueflow(Addresses(**state.api_urls), key=state.api_key)


@asynccontextmanager
async def colleague_of(state: StackState) -> AsyncIterator[Dueflow | None]:
    """Connect under the second person's key; None where the stack has none."""
    if state.colleague_key is None:
        yield None
        return
    async with Dueflow(Addresses(**state.api_urls), key=state.colleague_key) as dueflow:
        yield dueflow


def installation_of(state: StackState, dueflow: Dueflow) -> Installation:
    """Return what the checker needs to know."""
    return Installation(
        database_urls=state.checker_urls,
        bootstrap=state.bootstrap,
        topic_prefix=state.topic_prefix,
        ledger=dueflow.ledger,
    )
