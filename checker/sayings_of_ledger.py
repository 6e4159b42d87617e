"""Which columns of the ledger follow from which fields of its events."""

from checker.as_told import SaidRows, Says
from shared.contracts import ledger

_OF_CUSTOMER = "customer_id=@customer_id partition_no=@partition_no"
_MOVES = (ledger.InvoiceCancelled, ledger.CreditNoteIssued, ledger.PaymentAllocated, ledger.PaymentReversed)
_UNAPPLIED = "unapplied_minor=unapplied_after_minor"

LEDGER = (
    SaidRows(
        service="ledger",
        table="invoice",
        untold=True,
        key="invoice_id",
        says=[
            Says(
                event=ledger.InvoiceIssued,
                columns=f"{_OF_CUSTOMER} entity number contract_id order_number issue_date currency total_minor"
                " penalty_pct_per_day security_rank",
                values={"state": "issued"},
            ),
            Says(event=ledger.InvoiceCancelled, columns="entity number currency", values={"state": "cancelled"}),
        ],
    ),
    SaidRows(
        service="ledger",
        table="instalment",
        untold=True,
        key="instalment_id",
        says=[
            Says(
                event=ledger.InvoiceIssued,
                each="instalments",
                key="instalment_id",
                columns=f"{_OF_CUSTOMER} invoice_id ordinal entity currency due_date amount_minor"
                " open_minor=amount_minor",
                values={"episode": 1, "overdue_date": None},
            ),
            *(
                Says(
                    event=event,
                    each="changes",
                    key="instalment_id",
                    columns="open_minor=open_after_minor episode invoice_id ordinal due_date",
                )
                for event in _MOVES
            ),
            # What is open again begins an episode in which nobody said yet that it is overdue.
            *(
                Says(
                    event=event,
                    each="changes",
                    key="instalment_id",
                    only={"open_before_minor": 0},
                    values={"overdue_date": None},
                )
                for event in _MOVES
            ),
            Says(event=ledger.InvoiceOverdue, key="instalment_id", columns="overdue_date=@business_date episode"),
        ],
    ),
    SaidRows(
        service="ledger",
        table="payment",
        key="payment_id",
        says=[
            Says(
                event=ledger.PaymentReceived,
                columns=f"{_OF_CUSTOMER} entity source reference received_date currency amount_minor"
                " unapplied_minor=amount_minor recorded_day=@business_date recorded_at=@recorded_at",
            ),
            Says(event=ledger.PaymentAllocated, key="credit_id", only={"credit_kind": "payment"}, columns=_UNAPPLIED),
            Says(event=ledger.PaymentReversed, key="payment_id", columns=_UNAPPLIED),
            Says(event=ledger.PaymentRefunded, key="payment_id", columns=_UNAPPLIED),
        ],
    ),
    SaidRows(
        service="ledger",
        table="credit_note",
        key="credit_note_id",
        says=[
            Says(
                event=ledger.CreditNoteIssued,
                columns=f"{_OF_CUSTOMER} entity number invoice_id currency total_minor reason {_UNAPPLIED}"
                " issue_date=@effective_date recorded_day=@business_date recorded_at=@recorded_at",
            ),
            Says(
                event=ledger.PaymentAllocated, key="credit_id", only={"credit_kind": "credit_note"}, columns=_UNAPPLIED
            ),
        ],
    ),
    SaidRows(
        service="ledger",
        table="payment_reversal",
        key="payment_id",
        says=[
            Says(
                event=ledger.PaymentReversed,
                columns="reason reversed_date recorded_day=@business_date recorded_at=@recorded_at",
            )
        ],
    ),
    SaidRows(
        service="ledger",
        table="refund",
        key="refund_id",
        says=[
            Says(
                event=ledger.PaymentRefunded,
                key="refund_id",
                columns="payment_id amount_minor refunded_date=@effective_date recorded_day=@business_date"
                " recorded_at=@recorded_at",
            )
        ],
    ),
    SaidRows(
        service="ledger",
        table="cancellation",
        key="invoice_id",
        says=[
            Says(
                event=ledger.InvoiceCancelled,
                columns="entity reason recorded_day=@business_date recorded_at=@recorded_at",
            )
        ],
    ),
    SaidRows(
        service="ledger",
        table="contract",
        key="contract_id",
        says=[
            Says(
                event=ledger.ContractRecorded,
                columns=f"{_OF_CUSTOMER} entity reference currency penalty_pct_per_day security_rank"
                " recorded_day=@business_date recorded_at=@recorded_at",
            )
        ],
    ),
    SaidRows(
        service="ledger",
        table="entity",
        key="entity",
        says=[
            Says(
                event=ledger.EntityRecorded,
                key="entity",
                columns="name country zone currency tax_number address sender_email sms_signature phone=payee.phone"
                " email=payee.email",
            )
        ],
        columns={"phone": "payee ->> 'phone'", "email": "payee ->> 'email'"},
    ),
    SaidRows(
        service="ledger",
        table="bank_account",
        query="SELECT * FROM bank_account WHERE state = 'approved'",
        key="entity currency number valid_from",
        says=[
            Says(
                event=ledger.EntityRecorded,
                each="accounts",
                key="entity currency number valid_from",
                columns="holder bank bic",
            )
        ],
    ),
    SaidRows(
        service="ledger",
        table="business_day",
        untold=True,
        key="day",
        says=[Says(event=ledger.BusinessDayReached, key="day", values={"was_reached": True})],
        columns={"was_reached": "state IN ('marking', 'open', 'closed')"},
    ),
)
