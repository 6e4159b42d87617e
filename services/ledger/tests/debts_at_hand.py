"""Debts made in memory: what tests of the domain stand on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from services.ledger.domain.debt import Basis, Debt, Document, Invoice, owe
from shared.ids import customer_id_of, derived_id

ISSUED = date(2026, 1, 1)
PAPER = Document(kind="payment", document_id=UUID(int=1), number="P-1")


def basis(day: date, rule: str = "designation") -> Basis:
    """A payment that takes effect on a day."""
    return Basis(document=PAPER, rule=rule, reason="for a test", effective_date=day)


@dataclass(frozen=True)
class Terms:
    """What distinguishes a debt in the statutory order."""

    minor: int
    due: date
    security: int = 0
    penalty: str = "0"


def debt(number: str, terms: Terms) -> Debt:
    """An issued invoice of one instalment."""
    invoice = Invoice(
        invoice_id=derived_id(UUID(int=2), number),
        entity="acme",
        number=number,
        customer_id=customer_id_of("C-1"),
        customer_number="C-1",
        partition_no=0,
        contract_id=None,
        order_number=None,
        issue_date=min(ISSUED, terms.due),
        currency="CNY",
        tax_minor=0,
        total_minor=terms.minor,
        open_minor=0,
        penalty_pct_per_day=Decimal(terms.penalty),
        security_rank=terms.security,
        last_effective_date=ISSUED,
        state="pending",
    )
    made = Debt(
        instalment_id=derived_id(invoice.invoice_id, "instalment", 1),
        invoice=invoice,
        ordinal=1,
        due_date=terms.due,
        amount_minor=terms.minor,
        open_minor=0,
        open_at_due_minor=0,
        open_from_date=invoice.issue_date,
        episode=0,
        overdue_date=None,
    )
    owe(invoice, [made])
    return made


def many_debts() -> st.SearchStrategy[list[Debt]]:
    """Several debts with few distinct terms, so that ties are common."""
    terms = st.builds(
        Terms,
        minor=st.integers(1, 10_000),
        due=st.dates(date(2026, 1, 1), date(2026, 1, 4)),
        security=st.integers(0, 1),
        penalty=st.sampled_from(["0", "0.05"]),
    )
    return st.lists(terms, min_size=1, max_size=6).map(
        lambda all_: [debt(f"I-{index}", each) for index, each in enumerate(all_)]
    )
