"""Which columns of collections and of notifications follow from which fields of their events."""

from checker.as_told import SaidRows, Says
from shared.contracts import collections, notifications

_OF_CUSTOMER = "customer_id=@customer_id partition_no=@partition_no"
_WHY = "rule=reason.rule policy_version=reason.policy_version days=reason.days since_date=reason.true_since"
_HISTORY = f"{_OF_CUSTOMER} effective_date=@effective_date recorded_date=@business_date actor=@actor"
_MESSAGE = "reminder_id entity purpose step accompanies channel"

COLLECTIONS = (
    SaidRows(
        service="collections",
        table="case_entry",
        key="entry_id",
        untold=True,
        says=[
            Says(
                event=event,
                key="@event_id",
                needs="case_id",
                columns=f"{_HISTORY} case_id detail=@body",
                values={"kind": event.__name__},
            )
            for event in (
                collections.CaseOpened,
                collections.StageEscalated,
                collections.StageEased,
                collections.CaseClosed,
                collections.ReminderPlanned,
                collections.TaskAssigned,
                collections.SupplyStopRequested,
            )
        ],
    ),
    # These name no case: whoever had none has no entry either.
    SaidRows(
        service="collections",
        table="case_entry",
        key="entry_id",
        untold=True,
        may_go=True,
        says=[
            Says(event=event, key="@event_id", columns=f"{_HISTORY} detail=@body", values={"kind": event.__name__})
            for event in (
                collections.ReminderWithdrawn,
                collections.TaskCompleted,
                collections.PromiseMade,
                collections.PromiseKept,
                collections.PromisePartlyKept,
                collections.PromiseBroken,
                collections.PromiseWithdrawn,
                collections.PauseStarted,
                collections.PauseEnded,
                collections.DisputeOpened,
                collections.DisputeResolved,
            )
        ],
    ),
    SaidRows(
        service="collections",
        table="collection_case",
        key="case_id",
        says=[
            Says(
                event=collections.CaseOpened,
                columns=f"{_OF_CUSTOMER} entity stage opened_date=@business_date {_WHY}",
                values={"closed_date": None},
            ),
            *(
                Says(event=event, key="case_id", columns=f"stage=to_stage {_WHY}")
                for event in (collections.StageEscalated, collections.StageEased)
            ),
            Says(event=collections.CaseClosed, key="case_id", columns="closed_date=@business_date"),
        ],
    ),
    SaidRows(
        service="collections",
        table="reminder",
        key="reminder_id",
        says=[
            Says(
                event=collections.ReminderPlanned,
                columns=f"{_OF_CUSTOMER} case_id entity purpose step planned_date channels formal answer_working_days"
                " playbook_version lines",
            ),
            Says(event=collections.ReminderWithdrawn, values={"taken_back": True}),
        ],
        # Notifications may have sent it before it heard that it was taken back; then it counts as sent.
        columns={"taken_back": "state IN ('withdrawn', 'sent', 'unknown')"},
    ),
    SaidRows(
        service="collections",
        table="task",
        key="task_id",
        says=[
            Says(
                event=collections.TaskAssigned,
                columns=f"{_OF_CUSTOMER} case_id entity kind step role due_date assigned_date=@business_date",
                values={"outcome": None, "completed_by": None},
            ),
            Says(event=collections.TaskCompleted, columns="outcome completed_date=@business_date completed_by=@actor"),
        ],
    ),
    SaidRows(
        service="collections",
        table="promise",
        untold=True,
        key="promise_id",
        says=[
            Says(
                event=collections.PromiseMade,
                columns=f"{_OF_CUSTOMER} entity currency amount_minor promised_date lapses_date instalment_ids"
                " made_date=@business_date",
                values={"state": "open", "decided_date": None, "reason": None},
            ),
            *(
                Says(event=event, columns="decided_date=@business_date", values={"state": state})
                for event, state in (
                    (collections.PromiseKept, "kept"),
                    (collections.PromisePartlyKept, "partly_kept"),
                    (collections.PromiseBroken, "broken"),
                )
            ),
            Says(
                event=collections.PromiseWithdrawn,
                columns="reason decided_date=@business_date",
                values={"state": "withdrawn"},
            ),
        ],
    ),
    SaidRows(
        service="collections",
        table="pause",
        key="pause_id",
        says=[
            Says(
                event=collections.PauseStarted,
                columns=f"{_OF_CUSTOMER} entity scope invoice_id start_date end_date reason",
            ),
            Says(event=collections.PauseEnded, columns="end_date"),
        ],
    ),
    SaidRows(
        service="collections",
        table="dispute",
        key="dispute_id",
        says=[
            Says(
                event=collections.DisputeOpened,
                columns=f"{_OF_CUSTOMER} entity invoice_id instalment_id currency amount_minor reason"
                " opened_date=@business_date",
                values={"outcome": None},
            ),
            Says(
                event=collections.DisputeResolved,
                columns="outcome credited_minor resolved_date=@business_date",
            ),
        ],
    ),
)

NOTIFICATIONS = (
    SaidRows(
        service="notifications",
        table="message",
        key="message_id",
        untold=True,
        first={"was_sent": False, "arrived": False, "why_withheld": None},
        says=[
            Says(
                event=notifications.MessageSent,
                columns=f"{_OF_CUSTOMER} {_MESSAGE} civil_date=sent_date",
                values={"was_sent": True},
            ),
            Says(event=notifications.MessageWithheld, key="message_id", columns="why_withheld=reason"),
            Says(
                event=notifications.MessageDelivered,
                key="message_id",
                columns="arrives_date=arrived_date",
                values={"arrived": True},
            ),
        ],
        columns={
            "was_sent": "state = 'sent'",
            "why_withheld": "CASE WHEN state = 'withheld' THEN reason END",
        },
    ),
    SaidRows(
        service="notifications",
        table="attempt",
        query="SELECT * FROM attempt WHERE outcome = 'taken'",
        key="message_id",
        says=[
            Says(
                event=notifications.MessageSent,
                columns="channel civil_at=sent_at civil_date=sent_date content_sha256 contact_role template_version"
                " letter_sha256 content=content_sha256",
            )
        ],
        # A message that a person marked as sent has no attempt that was taken, nor has one whose fate came to be known.
        untold=True,
        may_go=True,
        columns={"content": "encode(sha256(content), 'hex')"},
    ),
    SaidRows(
        service="notifications",
        table="contact_point",
        key="contact_point_id",
        untold=True,
        says=[
            Says(
                event=notifications.ContactPointVerified,
                columns=f"{_OF_CUSTOMER} role",
                values={"was_verified": True},
            ),
            Says(event=notifications.ContactOptedOut, columns=f"{_OF_CUSTOMER} role opted_out=scope"),
        ],
        columns={"was_verified": "verified_at IS NOT NULL"},
        first={"was_verified": False, "opted_out": None},
    ),
    SaidRows(
        service="notifications",
        table="message_line",
        untold=True,
        key="message_id instalment_id",
        says=[
            Says(
                event=notifications.MessageSent,
                each="lines",
                key="message_id instalment_id",
                columns="step episode channel",
                values={"dropped_reason": None, "holds": True},
            )
        ],
    ),
)
