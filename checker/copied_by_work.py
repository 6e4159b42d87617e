"""Which columns of what collections and notifications keep of others follow from which fields of others' events."""

from checker.as_told import SaidRows, Says
from checker.copied_by_money import of_instalments
from shared.contracts import collections, credit, ledger, notifications

_OF_CUSTOMER = "customer_id=@customer_id partition_no=@partition_no"
_DEBT = "entity invoice_id invoice_number=number ordinal due_date currency open_minor=amount_minor penalty_pct_per_day"
_FACTS = (
    "customer_number=facts.customer_number kind=facts.kind country=facts.country industry=facts.industry"
    " grade=facts.grade key_customer=facts.key_customer"
)

COPIED_BY_WORK = (
    SaidRows(
        service="collections",
        publisher="credit",
        table="customer_profile",
        key="customer_id",
        untold=True,
        first={"light": None},
        says=[
            Says(event=credit.CustomerRegistered, columns=f"partition_no=@partition_no {_FACTS}"),
            Says(event=credit.CustomerProfileChanged, columns=_FACTS),
            Says(event=credit.GradeChanged, columns="grade"),
            Says(event=credit.AlertLevelChanged, columns="light"),
        ],
    ),
    SaidRows(
        service="collections",
        publisher="ledger",
        table="entity",
        key="entity",
        says=[Says(event=ledger.EntityRecorded, key="entity", columns="name country zone currency")],
    ),
    SaidRows(
        service="collections",
        publisher="ledger",
        table="receivable",
        key="instalment_id",
        says=[
            *of_instalments(_DEBT, moves="open_minor=open_after_minor episode due_date"),
            Says(event=ledger.InvoiceIssued, each="instalments", key="instalment_id", values={"issued": True}),
        ],
    ),
    SaidRows(
        service="collections",
        publisher="notifications",
        table="reminder",
        key="reminder_id",
        untold=True,
        first={"was_sent": False},
        says=[Says(event=notifications.MessageSent, key="reminder_id", values={"was_sent": True})],
        columns={"was_sent": "state = 'sent'"},
    ),
    SaidRows(
        service="collections",
        publisher="notifications",
        table="instalment_step",
        key="instalment_id episode step",
        untold=True,
        says=[
            Says(
                event=notifications.MessageSent,
                each="lines",
                key="instalment_id episode step",
                needs="step",
                columns=f"{_OF_CUSTOMER} reminder_id",
                values={"state": "sent"},
            )
        ],
    ),
    SaidRows(
        service="notifications",
        publisher="ledger",
        table="creditor",
        key="entity",
        says=[
            Says(
                event=ledger.EntityRecorded,
                key="entity",
                columns="name country recorded_at=@recorded_at account=payee.account bank=payee.bank accounts",
            )
        ],
        columns={"account": "payee ->> 'account'", "bank": "payee ->> 'bank'", "accounts": "payee -> 'accounts'"},
    ),
    SaidRows(
        service="notifications",
        publisher="ledger",
        table="debt",
        key="instalment_id",
        says=of_instalments(_DEBT, moves="open_minor=open_after_minor episode due_date"),
    ),
    SaidRows(
        service="notifications",
        publisher="collections",
        table="rest",
        key="rest_id",
        says=[
            Says(
                event=collections.PromiseMade,
                columns=f"{_OF_CUSTOMER} entity instalment_ids currency amount_minor from_date=@business_date",
                values={"kind": "promise", "day_after": None},
            ),
            *(
                Says(event=event, columns="day_after=@business_date")
                for event in (
                    collections.PromiseKept,
                    collections.PromisePartlyKept,
                    collections.PromiseBroken,
                    collections.PromiseWithdrawn,
                )
            ),
            Says(
                event=collections.DisputeOpened,
                columns=f"{_OF_CUSTOMER} entity invoice_id currency amount_minor from_date=@business_date",
                values={"kind": "dispute", "day_after": None, "credited": False},
            ),
            Says(
                event=collections.DisputeResolved,
                columns="amount_minor=credited_minor",
                values={"day_after": None, "credited": True},
            ),
            Says(
                event=collections.DisputeResolved,
                only={"credited_minor": 0},
                columns="amount_minor day_after=dunning_from",
                values={"credited": False},
            ),
            Says(
                event=collections.PauseStarted,
                columns=f"{_OF_CUSTOMER} entity from_date=start_date until_date=end_date",
                values={"kind": "pause"},
            ),
            Says(event=collections.PauseEnded, columns="until_date=end_date"),
        ],
        columns={"day_after": "until_date + 1"},
    ),
    SaidRows(
        service="notifications",
        publisher="collections",
        table="message",
        key="reminder_id",
        says=[
            Says(
                event=collections.ReminderPlanned,
                columns=f"{_OF_CUSTOMER} entity purpose step planned_date formal answer_working_days channels"
                " correlation_id=@correlation_id traceparent=@traceparent",
            )
        ],
    ),
    SaidRows(
        service="notifications",
        publisher="collections",
        table="message_line",
        query="SELECT l.*, m.reminder_id FROM message_line AS l JOIN message AS m USING (message_id)",
        key="reminder_id instalment_id",
        says=[
            Says(
                event=collections.ReminderPlanned,
                each="lines",
                key="reminder_id instalment_id",
                columns="step episode",
            )
        ],
    ),
)
