"""Composes credit: `python -m services.credit.main api | worker | migrate`."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.credit.api.asking import block_lane
from services.credit.api.checks import checks_router
from services.credit.api.customers import customers_router, gather_changes
from services.credit.api.decisions import decisions_router
from services.credit.api.exposures import exposures_router
from services.credit.api.groups import groups_router
from services.credit.api.holds import holds_router
from services.credit.api.imports import imports_router
from services.credit.api.limits import limits_router
from services.credit.api.overrides import overrides_router
from services.credit.api.rates import rates_router
from services.credit.api.reservations import reservations_router
from services.credit.api.risks import risks_router
from services.credit.api.scorecards import scorecards_router
from services.credit.api.scores import scores_router
from services.credit.api.source_refreshes import source_refreshes_router
from services.credit.api.stale_items import stale_items_router
from services.credit.consumers import make_subscription
from services.credit.gateways.outside_sources import SourceFiles
from services.credit.gateways.policy_file import read_policy
from services.credit.settings import CreditSettings
from shared.contracts import credit as contracts
from shared.run import run
from shared.service import Context, Service


def make_routers(context: Context) -> Sequence[APIRouter]:
    """Return the REST of credit."""
    policy = read_policy(context.settings.credit_policy_file)
    folder = context.settings.credit_sources_folder
    changes = gather_changes(context, policy, block_lane(context))
    return [
        customers_router(context, policy, changes),
        stale_items_router(context, policy),
        scorecards_router(context),
        scores_router(context, policy),
        overrides_router(context, policy),
        source_refreshes_router(context, policy, SourceFiles(folder) if folder else None),
        imports_router(context, policy),
        decisions_router(context, changes),
        limits_router(context, policy),
        holds_router(context, policy),
        risks_router(context),
        groups_router(context),
        checks_router(context, policy),
        reservations_router(context, policy),
        exposures_router(context),
        rates_router(context),
    ]


SERVICE = Service(
    name="credit",
    title="Dueflow credit",
    description="What is known of a customer's risk, and whether an order may go out on credit.",
    settings=CreditSettings,
    listens_to=("ledger", "collections"),
    day_from="ledger",
    day_worked=contracts.DayWorked,
    subscription=make_subscription,
    routers=make_routers,
)

if __name__ == "__main__":
    run(SERVICE)
