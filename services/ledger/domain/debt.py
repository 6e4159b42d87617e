"""What a customer owes by one instalment, the unit of aging, and every way in which its open amount moves (L3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.ledger.domain.refusals import Conflict
from services.ledger.domain.terms import TermsSource

State = Literal["pending", "issued", "cancelled"]


@dataclass(slots=True, kw_only=True)
class Invoice:
    """A recorded invoice and its balance; it is settled when it is issued and nothing is open.

    `last_effective_date` is the latest date on which something moved its open amount. Of an invoice that is older than
    its `terms_source`, nobody noted it.
    """

    invoice_id: UUID
    entity: str
    number: str
    customer_id: UUID
    customer_number: str
    partition_no: int
    contract_id: UUID | None
    order_number: str | None
    issue_date: date
    currency: str
    tax_minor: int
    total_minor: int
    open_minor: int
    penalty_pct_per_day: Decimal
    security_rank: int
    last_effective_date: date
    state: State
    terms_source: TermsSource | None = None


@dataclass(slots=True, kw_only=True)
class Debt:
    """One instalment; of a pending invoice nothing is open yet, and its episode is 0.

    `open_from_date` is the earliest date from which money can settle it: the issue date, or the last reversal. So its
    open amount is negative at no date. `open_at_due_minor` is what was open when the due date ended.
    """

    instalment_id: UUID
    invoice: Invoice
    ordinal: int
    due_date: date
    amount_minor: int
    open_minor: int
    open_at_due_minor: int
    open_from_date: date
    episode: int
    overdue_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The paper behind a movement."""

    kind: str
    document_id: UUID
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """On what a debt moves: the paper, the rule that chose this debt and why, and from when on."""

    document: Document
    rule: str
    reason: str
    effective_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One change of one open amount, with the balances around it, by which rule and why."""

    debt: Debt
    delta_minor: int
    open_before_minor: int
    open_after_minor: int
    invoice_before_minor: int
    document: Document
    rule: str
    reason: str
    effective_date: date
    episode: int
    undoes_overdue: bool


def owe(invoice: Invoice, debts: Sequence[Debt]) -> None:
    """Let a recorded invoice count from its issue date: all of it is open."""
    invoice.state = "issued"
    invoice.open_minor = invoice.total_minor
    for debt in debts:
        debt.open_minor = debt.open_at_due_minor = debt.amount_minor
        debt.episode = 1


def settle(debt: Debt, minor: int, *, basis: Basis) -> Movement:
    """Lower the open amount, at the earliest on `open_from_date`; raise Conflict where less is open."""
    if minor > debt.open_minor:
        raise Conflict("More than is open.", balances={"open": debt.open_minor})
    return _move(debt, -minor, basis, effective_date=max(basis.effective_date, debt.open_from_date))


def reopen(debt: Debt, minor: int, *, basis: Basis) -> Movement:
    """Raise the open amount again; a settled instalment begins a new episode, and nothing of its age is lost."""
    if debt.open_minor == 0:
        debt.episode += 1
        debt.overdue_date = None
    debt.open_from_date = max(debt.open_from_date, basis.effective_date)
    return _move(debt, minor, basis, effective_date=basis.effective_date)


def cancel(invoice: Invoice, debts: Sequence[Debt], *, basis: Basis) -> list[Movement]:
    """Let an invoice count no more; raise Conflict where something of it was settled already."""
    if invoice.state == "issued" and invoice.open_minor < invoice.total_minor:
        balances = {"open": invoice.open_minor, "total": invoice.total_minor}
        raise Conflict("Paid or credited in part: issue a credit note instead.", balances=balances)
    invoice.state = "cancelled"
    return [settle(debt, debt.open_minor, basis=basis) for debt in debts if debt.open_minor]


def settled_by(movements: Sequence[Movement]) -> int:
    """Return by how much these movements lowered open amounts, in all."""
    return -sum(movement.delta_minor for movement in movements)


def mark_overdue(debt: Debt, *, open_day: date) -> bool:
    """Note that the debt is overdue on `open_day`; False where it is not, or where that was said in this episode."""
    if debt.open_minor == 0 or debt.overdue_date is not None or debt.due_date >= open_day:
        return False
    debt.overdue_date = open_day
    return True


def _move(debt: Debt, delta: int, basis: Basis, *, effective_date: date) -> Movement:
    before, invoice_before = debt.open_minor, debt.invoice.open_minor
    debt.open_minor += delta
    debt.invoice.open_minor += delta
    debt.invoice.last_effective_date = max(debt.invoice.last_effective_date, effective_date)
    in_time = effective_date <= debt.due_date
    debt.open_at_due_minor += delta if in_time else 0
    return Movement(
        debt=debt,
        delta_minor=delta,
        open_before_minor=before,
        open_after_minor=debt.open_minor,
        invoice_before_minor=invoice_before,
        document=basis.document,
        rule=basis.rule,
        reason=basis.reason,
        effective_date=effective_date,
        episode=debt.episode,
        undoes_overdue=in_time and delta < 0 and debt.open_at_due_minor == 0 and debt.overdue_date is not None,
    )
