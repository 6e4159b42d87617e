"""What was known of one customer at a position of the topics: what was open, disputed, promised and paused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from shared.contracts import collections, ledger
from shared.contracts.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A sum of some debts about which nothing may be said; without an amount, all of them; None restricts nothing."""

    reason: str
    entity: str | None = None
    currency: str | None = None
    invoice_id: UUID | None = None
    instalment_ids: tuple[UUID, ...] = ()
    amount_minor: int | None = None
    start_date: date = date.min
    end_date: date = date.max

    def holds_on(self, day: date) -> bool:
        """Return whether it rests on `day`: after its start, through its end (K22)."""
        return self.start_date < day <= self.end_date


@dataclass(slots=True)
class _Debt:
    entity: str
    currency: str
    invoice_id: UUID
    open_minor: int


@dataclass(slots=True)
class Books:
    """One customer's debts and rests, as far as events have been told."""

    debts: dict[UUID, _Debt] = field(default_factory=dict)
    rests: dict[UUID, Rest] = field(default_factory=dict)

    def tell(self, event: Event) -> None:
        """Take one more event into account."""
        match event:
            case ledger.InvoiceIssued():
                for each in event.instalments:
                    debt = _Debt(event.entity, event.currency, event.invoice_id, each.amount_minor)
                    self.debts[each.instalment_id] = debt
            case (
                ledger.InvoiceCancelled()
                | ledger.CreditNoteIssued()
                | ledger.PaymentAllocated()
                | ledger.PaymentReversed()
            ):
                for change in event.changes:
                    self.debts[change.instalment_id].open_minor = change.open_after_minor
            case collections.DisputeOpened() | collections.PromiseMade() | collections.PauseStarted():
                self._begin(event)
            case collections.DisputeResolved():
                self.rests.pop(event.dispute_id, None)
            case (
                collections.PromiseKept()
                | collections.PromisePartlyKept()
                | collections.PromiseBroken()
                | collections.PromiseWithdrawn()
            ):
                # Money that bounces breaks a promise that was kept: it ends twice.
                self.rests.pop(event.promise_id, None)
            case collections.PauseEnded():
                self.rests.pop(event.pause_id, None)

    def _begin(self, event: collections.DisputeOpened | collections.PromiseMade | collections.PauseStarted) -> None:
        match event:
            case collections.DisputeOpened():
                ids, minor = (event.instalment_id,), event.amount_minor
                self.rests[event.dispute_id] = Rest(reason="disputed", instalment_ids=ids, amount_minor=minor)
            case collections.PromiseMade():
                self.rests[event.promise_id] = Rest(
                    reason="promised",
                    entity=event.entity,
                    currency=event.currency,
                    instalment_ids=tuple(event.instalment_ids),
                    amount_minor=event.amount_minor,
                )
            case collections.PauseStarted():
                self.rests[event.pause_id] = Rest(
                    reason="paused",
                    entity=event.entity,
                    invoice_id=event.invoice_id,
                    start_date=event.start_date,
                    end_date=event.end_date or date.max,
                )

    def objections(self, stated: Mapping[UUID, int], *, day: date) -> Iterable[str]:
        """Yield why these sums by instalment should not have been asked for on `day`."""
        for instalment_id, minor in stated.items():
            debt = self.debts.get(instalment_id)
            if debt is None or debt.open_minor < minor or not debt.open_minor:
                yield f"instalment {instalment_id}: stated {minor}, open {debt.open_minor if debt else 'unknown'}"
        for rest in self.rests.values():
            covered = {each for each, debt in self.debts.items() if _covers(rest, each, debt)}
            asked = sum(minor for each, minor in stated.items() if each in covered)
            owed = sum(self.debts[each].open_minor for each in covered)
            free = 0 if rest.amount_minor is None else max(owed - rest.amount_minor, 0)
            if rest.holds_on(day) and asked > free:
                yield f"{rest.reason}: stated {asked} where {free} did not rest"


def _covers(rest: Rest, instalment_id: UUID, debt: _Debt) -> bool:
    return (
        rest.entity in (None, debt.entity)
        and rest.currency in (None, debt.currency)
        and rest.invoice_id in (None, debt.invoice_id)
        and (not rest.instalment_ids or instalment_id in rest.instalment_ids)
    )
