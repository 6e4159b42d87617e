"""Which columns of what the ledger and credit keep of others follow from which fields of those others' events."""

from collections.abc import Mapping

from checker.as_told import SaidRows, Says
from shared.contracts import collections, credit, ledger, notifications
from shared.contracts.event import Event

_OF_CUSTOMER = "customer_id=@customer_id partition_no=@partition_no"
_MOVES = (ledger.InvoiceCancelled, ledger.CreditNoteIssued, ledger.PaymentAllocated, ledger.PaymentReversed)


def of_instalments(columns: str, *, moves: str) -> list[Says]:
    """Return what tells of a copy of an instalment: its columns at first, and those that the ledger's changes move."""
    said = f"{_OF_CUSTOMER} {columns}"
    return [
        Says(event=ledger.InvoiceIssued, each="instalments", key="instalment_id", columns=said),
        *(Says(event=event, each="changes", key="instalment_id", columns=moves) for event in _MOVES),
    ]


def _worked(service: str, event: type[Event]) -> SaidRows:
    return SaidRows(
        service="ledger",
        publisher=service,
        table="worked_day",
        query=f"SELECT * FROM worked_day WHERE service = '{service}'",
        key="day event_id",
        says=[Says(event=event, key="day @event_id", columns="day")],
    )


DAY_WORKED: Mapping[str, type[Event]] = {
    "credit": credit.DayWorked,
    "collections": collections.DayWorked,
    "notifications": notifications.DayWorked,
}


def _days(service: str, event: type[Event]) -> list[SaidRows]:
    """Return what tells how far a service has heard of days, and how far it has worked them."""
    return [
        SaidRows(
            service=service,
            publisher="ledger",
            table="day_seen",
            key="partition_no",
            says=[Says(event=ledger.BusinessDayReached, key="@partition_no", columns="day")],
        ),
        SaidRows(
            service=service,
            table="day_seen",
            key="partition_no",
            untold=True,
            says=[Says(event=event, key="@partition_no", columns="worked_day=day")],
            columns={"worked_day": "CASE WHEN worked_at IS NULL THEN work_day - 1 ELSE work_day END"},
        ),
    ]


COPIED_BY_MONEY = (
    SaidRows(
        service="ledger",
        publisher="credit",
        table="credit_terms",
        key="customer_id",
        says=[Says(event=credit.CreditTermsChanged, columns="partition_no=@partition_no terms_days")],
    ),
    SaidRows(
        service="ledger",
        publisher="credit",
        table="promised_terms",
        key="customer_id order_number",
        says=[
            Says(
                event=credit.CreditReserved,
                key="@customer_id order_number",
                columns="partition_no=@partition_no terms_days",
            )
        ],
    ),
    *(_worked(service, event) for service, event in DAY_WORKED.items()),
    SaidRows(
        service="credit",
        publisher="ledger",
        table="receivable",
        key="invoice_id",
        says=[
            Says(event=ledger.InvoiceIssued, columns=f"{_OF_CUSTOMER} entity number order_number currency total_minor")
        ],
    ),
    SaidRows(
        service="credit",
        publisher="ledger",
        table="instalment",
        query="SELECT * FROM instalment WHERE known_to = 'infinity'",
        key="instalment_id",
        says=of_instalments(
            "invoice_id issue_date due_date currency amount_minor open_minor=amount_minor",
            moves="open_minor=open_after_minor",
        ),
    ),
    SaidRows(
        service="credit",
        publisher="collections",
        table="open_dispute",
        key="dispute_id",
        says=[
            Says(event=collections.DisputeOpened, columns=f"{_OF_CUSTOMER} instalment_id amount_minor"),
            Says(event=collections.DisputeResolved, ends=True),
        ],
    ),
    SaidRows(
        service="credit",
        publisher="collections",
        table="promise_end",
        key="promise_id event_id",
        says=[
            Says(
                event=event,
                key="promise_id @event_id",
                columns=f"{_OF_CUSTOMER} ended_date=@business_date",
                values={"outcome": outcome},
            )
            for event, outcome in (
                (collections.PromiseKept, "kept"),
                (collections.PromisePartlyKept, "partly_kept"),
                (collections.PromiseBroken, "broken"),
            )
        ],
    ),
)

DAYS = tuple(rows for service, event in DAY_WORKED.items() for rows in _days(service, event))
