"""Composes collections: `python -m services.collections.main api | worker | migrate`."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.collections.api.cases import cases_router
from services.collections.api.disputes import disputes_router
from services.collections.api.pauses import pauses_router
from services.collections.api.policies import policies_routers
from services.collections.api.promises import promises_router
from services.collections.api.reminders import reminders_router
from services.collections.api.tasks import tasks_router
from services.collections.consumers import make_subscription
from services.collections.settings import CollectionsSettings
from services.collections.store.figures import FIGURES
from shared.contracts import collections as contracts
from shared.run import run
from shared.service import Context, Service


def make_routers(context: Context) -> Sequence[APIRouter]:
    """Return the REST of collections."""
    return [
        cases_router(context),
        tasks_router(context),
        promises_router(context),
        disputes_router(context),
        pauses_router(context),
        reminders_router(context),
        *policies_routers(context),
    ]


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
    figures=FIGURES,
)

if __name__ == "__main__":
    run(SERVICE)
