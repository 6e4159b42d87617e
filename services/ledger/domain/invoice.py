"""What makes an invoice acceptable, and how it falls into instalments (L2, L3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.ledger.domain.business_day import FURTHEST_DUE_DAYS, check_issue
from services.ledger.domain.contract import DEFAULT_PENALTY_PCT_PER_DAY, Contract
from services.ledger.domain.debt import Debt, Invoice
from services.ledger.domain.refusals import Invalid
from services.ledger.domain.terms import CreditTerms, Terms, TermsSource, due_date
from shared.ids import derived_id

DUE_BEFORE_ISSUE = "due_before_issue"
"""The warning of a deposit or a late invoice: accepted, and overdue from the day after its due date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was sold; a discount is a line below zero."""

    description: str
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An amount and the date on which it is due."""

    due_date: date
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts:
    """An invoice as the ERP states it; what it does not state is its contract's, and of terms perhaps credit's."""

    entity: str
    number: str
    customer_number: str
    contract_reference: str | None = None
    order_number: str | None = None
    issue_date: date
    currency: str
    lines: tuple[Line, ...]
    tax_minor: int
    total_minor: int
    terms: Terms | None = None
    instalments: tuple[Due, ...] = ()
    penalty_pct_per_day: Decimal | None = None
    security_rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedInvoice:
    """An invoice with everything decided that it left to its contract."""

    facts: InvoiceFacts
    contract_id: UUID | None
    instalments: tuple[Due, ...]
    terms_source: TermsSource
    credit_terms: CreditTerms | None
    penalty_pct_per_day: Decimal
    security_rank: int

    @property
    def beyond_credit(self) -> dict[str, int]:
        """Return its terms and credit's in days, where it states longer ones: a fact, and an exception (L17)."""
        last = max(each.due_date for each in self.instalments)
        terms_days = (last - self.facts.issue_date).days
        if self.credit_terms is None or terms_days <= self.credit_terms.days:
            return {}
        return {"terms_days": terms_days, "credit_terms_days": self.credit_terms.days}


def accept(
    facts: InvoiceFacts,
    *,
    contract: Contract | None,
    credit_terms: CreditTerms | None,
    customer_id: UUID,
    open_day: date,
) -> AcceptedInvoice:
    """Return the invoice as it will be recorded; raise Invalid where it contradicts itself or its contract."""
    check_issue(facts.issue_date, open_day=open_day)
    _check_contract(facts, contract, customer_id)
    _check_sums(facts)
    instalments, terms_source = _instalments(facts, contract, credit_terms)
    _check_due_dates(instalments, open_day)
    return AcceptedInvoice(
        facts=facts,
        contract_id=contract.contract_id if contract else None,
        instalments=instalments,
        terms_source=terms_source,
        credit_terms=credit_terms,
        penalty_pct_per_day=_penalty(facts, contract),
        security_rank=_security(facts, contract),
    )


def draw_up(
    accepted: AcceptedInvoice, *, invoice_id: UUID, customer_id: UUID, partition_no: int
) -> tuple[Invoice, list[Debt]]:
    """Return the invoice with its instalments, pending: nothing is open before it counts."""
    facts = accepted.facts
    invoice = Invoice(
        invoice_id=invoice_id,
        entity=facts.entity,
        number=facts.number,
        customer_id=customer_id,
        customer_number=facts.customer_number,
        partition_no=partition_no,
        contract_id=accepted.contract_id,
        order_number=facts.order_number,
        issue_date=facts.issue_date,
        currency=facts.currency,
        tax_minor=facts.tax_minor,
        total_minor=facts.total_minor,
        open_minor=0,
        penalty_pct_per_day=accepted.penalty_pct_per_day,
        security_rank=accepted.security_rank,
        last_effective_date=facts.issue_date,
        state="pending",
        terms_source=accepted.terms_source,
    )
    return invoice, [_instalment(invoice, ordinal, due) for ordinal, due in enumerate(accepted.instalments, start=1)]


def warnings_of(invoice: Invoice, debts: Sequence[Debt]) -> list[str]:
    """Return what is unusual about a recorded invoice."""
    return [DUE_BEFORE_ISSUE] if any(debt.due_date < invoice.issue_date for debt in debts) else []


def _instalment(invoice: Invoice, ordinal: int, due: Due) -> Debt:
    return Debt(
        instalment_id=derived_id(invoice.invoice_id, "instalment", ordinal),
        invoice=invoice,
        ordinal=ordinal,
        due_date=due.due_date,
        amount_minor=due.minor,
        open_minor=0,
        open_at_due_minor=0,
        open_from_date=invoice.issue_date,
        episode=0,
        overdue_date=None,
    )


def _check_contract(facts: InvoiceFacts, contract: Contract | None, customer_id: UUID) -> None:
    if facts.contract_reference is not None and (contract is None or contract.customer_id != customer_id):
        raise Invalid("This customer has no such contract at this entity.", pointer="/contract_reference")
    if contract is not None and contract.currency != facts.currency:
        raise Invalid(f"The contract is in {contract.currency}.", pointer="/currency")


def _check_sums(facts: InvoiceFacts) -> None:
    if sum(line.minor for line in facts.lines) + facts.tax_minor != facts.total_minor:
        raise Invalid("Not the sum of the lines and the tax.", pointer="/total")
    if facts.tax_minor > facts.total_minor:
        raise Invalid("More than the total.", pointer="/tax")
    if facts.instalments and sum(each.minor for each in facts.instalments) != facts.total_minor:
        raise Invalid("The instalments do not add up to the total.", pointer="/instalments")


def _instalments(
    facts: InvoiceFacts, contract: Contract | None, credit_terms: CreditTerms | None
) -> tuple[tuple[Due, ...], TermsSource]:
    """Return what is due when and by whose terms: its own, else the shorter of its contract's and of credit's."""
    if facts.instalments:
        return facts.instalments, "invoice"
    dates: list[tuple[date, TermsSource]] = []
    if facts.terms:
        dates.append((due_date(facts.terms, issue_date=facts.issue_date), "invoice"))
    else:
        if contract:
            dates.append((due_date(contract.terms, issue_date=facts.issue_date), "contract"))
        if credit_terms:
            dates.append((credit_terms.due_date(issue_date=facts.issue_date), credit_terms.source))
    if not dates:
        raise Invalid("Name terms, instalments, or a contract that has terms.", pointer="/terms")
    # Where both give the same date, the contract is the older word.
    day, source = min(dates, key=lambda each: each[0])
    return (Due(due_date=day, minor=facts.total_minor),), source


def _check_due_dates(instalments: Sequence[Due], open_day: date) -> None:
    furthest = open_day + timedelta(days=FURTHEST_DUE_DAYS)
    for index, each in enumerate(instalments):
        if each.due_date > furthest:
            raise Invalid("More than ten years ahead.", pointer=f"/instalments/{index}/due_date")


def _penalty(facts: InvoiceFacts, contract: Contract | None) -> Decimal:
    if facts.penalty_pct_per_day is not None:
        return facts.penalty_pct_per_day
    return contract.penalty_pct_per_day if contract else DEFAULT_PENALTY_PCT_PER_DAY


def _security(facts: InvoiceFacts, contract: Contract | None) -> int:
    if facts.security_rank is not None:
        return facts.security_rank
    return contract.security_rank if contract else 0
