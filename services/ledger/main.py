"""Composes the ledger: `python -m services.ledger.main api | worker | migrate`."""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter

from services.ledger.api.accounts import accounts_router
from services.ledger.api.aging import aging_router
from services.ledger.api.audit import audit_router
from services.ledger.api.audit_exceptions import audit_exceptions_router
from services.ledger.api.contracts import contracts_router
from services.ledger.api.credit_listing import credit_listing_router
from services.ledger.api.credit_notes import credit_notes_router
from services.ledger.api.days import days_router
from services.ledger.api.entities import entities_router
from services.ledger.api.history import history_router
from services.ledger.api.import_kinds import import_kinds
from services.ledger.api.import_work import import_work
from services.ledger.api.imports import imports_router
from services.ledger.api.invoice_listing import invoice_listing_router
from services.ledger.api.invoices import invoices_router
from services.ledger.api.journal import journal_router
from services.ledger.api.payment_changes import payment_changes_router
from services.ledger.api.payments import payments_router
from services.ledger.audit_keeping import AuditKeeper
from services.ledger.consumers import make_subscription
from services.ledger.day_opening import open_days
from services.ledger.settings import LedgerSettings
from services.ledger.store.days import share_day
from shared.run import run
from shared.service import Context, Service

_ROUTERS = (
    entities_router,
    accounts_router,
    contracts_router,
    invoices_router,
    invoice_listing_router,
    payments_router,
    payment_changes_router,
    credit_notes_router,
    credit_listing_router,
    days_router,
    imports_router,
    aging_router,
    journal_router,
    history_router,
    audit_router,
    audit_exceptions_router,
)


def make_routers(context: Context) -> Sequence[APIRouter]:
    """Return the REST of the ledger."""
    return [make(context) for make in _ROUTERS]


def make_background(context: Context) -> Sequence[Callable[[], Awaitable[None]]]:
    """Return the endless tasks of the ledger's worker."""
    keeper = AuditKeeper(context)
    context.health["audit"] = keeper.check
    return [open_days(context), import_work(context, import_kinds(context)), keeper.seal, keeper.anchor]


SERVICE = Service(
    name="ledger",
    title="Dueflow ledger",
    description="The money facts: invoices, payments, what is open of them at any date, and the business days.",
    settings=LedgerSettings,
    listens_to=("credit", "collections", "notifications"),
    subscription=make_subscription,
    routers=make_routers,
    background=make_background,
    on_begin=share_day,
)

if __name__ == "__main__":
    run(SERVICE)
