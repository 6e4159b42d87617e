"""Composes collections: `python -m services.collections.main api | worker | migrate`."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.collections.consumers import make_subscription
from services.collections.settings import CollectionsSettings
from shared.contracts import collections as contracts
from shared.run import run
from shared.service import Context, Service


def make_routers(_context: Context) -> Sequence[APIRouter]:
    """Return the REST of collections."""
    return []


SERVICE = Service(
    name="collections",
    title="Dueflow collections",
    description="The work on overdue debts: cases, reminders, promises, disputes, pauses and people's tasks.",
    settings=CollectionsSettings,
    listens_to=("ledger", "credit", "notifications"),
    day_from="ledger",
    day_worked=contracts.DayWorked,
    subscription=make_subscription,
    routers=make_routers,
)

if __name__ == "__main__":
    run(SERVICE)
