"""Connects to a running stack: the client of its services, and the place where the checker may read."""

from dueflow_client import Addresses, Dueflow

from checker.everything import Installation
from deploy.local.state import StackState


def client_of(state: StackState) -> Dueflow:
    """Return a client with the stack's own key; use it as a context manager."""
    return Dueflow(Addresses(**state.api_urls), key=state.api_key)


def installation_of(state: StackState, dueflow: Dueflow) -> Installation:
    """Return what the checker needs to know."""
    return Installation(
        database_urls=state.checker_urls,
        bootstrap=state.bootstrap,
        topic_prefix=state.topic_prefix,
        ledger=dueflow.ledger,
    )
