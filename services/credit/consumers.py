"""Which facts of the ledger and of collections credit follows, and what a day ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.policy import Policy
from services.credit.gateways.policy_file import read_policy
from services.credit.usecases import follow_ledger as follow
from services.credit.usecases.end_reservations import expire_reservations
from services.credit.usecases.follow_collections import HEARD, follow_collections
from services.credit.usecases.review_grades import review_grades
from services.credit.usecases.review_key_customers import review_key_customers
from services.credit.usecases.review_risks import review_risks
from shared.clock import Clock
from shared.contracts import ledger
from shared.contracts.event import Event
from shared.messaging.outbox import Outbox
from shared.messaging.subscription import Day, Received
from shared.service import Context

FOLDS: Mapping[type[Event], follow.Fold] = {
    ledger.InvoiceIssued: follow.issue_invoice,
    ledger.InvoiceCancelled: follow.cancel_invoice,
    ledger.CreditNoteIssued: follow.issue_credit_note,
    ledger.PaymentReceived: follow.receive_payment,
    ledger.PaymentAllocated: follow.move_payment,
    ledger.PaymentReversed: follow.move_payment,
    ledger.PaymentRefunded: follow.move_payment,
    ledger.InvoiceOverdue: follow.hear_overdue,
}


@dataclass(frozen=True, slots=True)
class CreditSubscription:
    """The reacting side of credit."""

    outbox: Outbox
    clock: Clock
    policy: Policy

    @property
    def accepts(self) -> Mapping[str, type[Event]]:
        """Return the event classes to be applied, by wire name."""
        return {each.wire: each for each in (*FOLDS, *HEARD)}

    async def apply(self, connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:
        """Follow the facts of one topic."""
        policy, now = self.policy, self.clock.now()
        if any(type(each.event) in HEARD for each in batch):
            await follow_collections(connection, batch, today=today, policy=policy, recorded_at=now, outbox=self.outbox)
            return
        await follow.follow_ledger(
            connection, batch, folds=FOLDS, today=today, policy=policy, recorded_at=now, outbox=self.outbox
        )

    async def work_day(self, connection: AsyncConnection, customer_ids: Sequence[UUID], *, day: Day) -> None:
        """End the reservations and overrides whose last day has passed, review customers, derive the risks anew."""
        now = self.clock.now()
        await expire_reservations(connection, customer_ids, day=day, recorded_at=now, outbox=self.outbox)
        await review_key_customers(
            connection,
            customer_ids,
            day=day,
            policy=self.policy.first_by_sales,
            recorded_at=now,
            outbox=self.outbox,
        )
        await review_grades(
            connection, customer_ids, day=day, policy=self.policy.grades, recorded_at=now, outbox=self.outbox
        )
        await review_risks(connection, customer_ids, policy=self.policy, day=day, recorded_at=now, outbox=self.outbox)


def make_subscription(context: Context) -> CreditSubscription:
    """Return the subscription of one process."""
    return CreditSubscription(context.outbox, context.clock, read_policy(context.settings.credit_policy_file))
