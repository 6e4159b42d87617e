"""Turns debts, disputes and promises, as an event leaves them, into the risk they are (C4, C6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain import risk as domain
from services.credit.domain.policy import Policy
from services.credit.domain.risk import Risk
from services.credit.store.disputes import OpenDispute, disputed_minor, load_disputes, save_disputes
from services.credit.usecases.fold_habits import Habits
from shared.contracts import collections, ledger
from shared.contracts.event import Event


@dataclass(slots=True, kw_only=True)
class Debts:
    """The habits and the open disputes of a batch's customers as they stand after the events so far."""

    policy: Policy
    habits: Habits
    disputes: dict[UUID, dict[UUID, OpenDispute]]
    opened: dict[UUID, OpenDispute] = field(default_factory=dict)
    closed: set[UUID] = field(default_factory=set)

    def heard(self, risk: Risk, event: Event) -> Risk:
        """Return the risk once habits have folded this event; whoever only gets invoices has no habit there."""
        disputed = disputed_minor(self.disputes[risk.customer_id].values())
        habit = self.habits.habits.get(risk.customer_id)
        if habit is not None:
            return domain.hear(risk, habit, disputed=disputed, policy=self.policy)
        if isinstance(event, ledger.InvoiceIssued):
            owed = self.habits.debts[risk.customer_id]
            new = [owed[each.instalment_id] for each in event.instalments]
            return domain.owe(risk, new, disputed=disputed, policy=self.policy)
        return risk

    def contest(self, risk: Risk, event: Event) -> None:
        """Know of a dispute, or that it is decided."""
        disputes = self.disputes[risk.customer_id]
        if isinstance(event, collections.DisputeOpened):
            disputes[event.dispute_id] = self.opened[event.dispute_id] = OpenDispute(
                dispute_id=event.dispute_id,
                customer_id=risk.customer_id,
                partition_no=risk.partition_no,
                instalment_id=event.instalment_id,
                amount_minor=event.amount_minor,
            )
        elif isinstance(event, collections.DisputeResolved):
            disputes.pop(event.dispute_id, None)
            self.opened.pop(event.dispute_id, None)
            self.closed.add(event.dispute_id)

    async def save(self, connection: AsyncConnection) -> None:
        """Save what the batch changed of disputes; habits are saved by whoever opened them."""
        await save_disputes(connection, opened=self.opened.values(), closed=self.closed)


async def open_debts(
    connection: AsyncConnection, risks: Mapping[UUID, Risk], *, habits: Habits, policy: Policy
) -> Debts:
    """Return the debts of these customers."""
    return Debts(policy=policy, habits=habits, disputes=await load_disputes(connection, risks))
