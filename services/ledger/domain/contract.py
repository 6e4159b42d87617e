"""What was agreed with a customer, as far as invoices and payments follow it (L1)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.ledger.domain.terms import Terms

DEFAULT_PENALTY_PCT_PER_DAY = Decimal("0.05")
"""What the business charges where nothing is agreed: 0.05 % a day, simple."""

Parts = Literal["principal_first", "costs_interest_principal"]
"""In which order money settles the parts of one debt; it decides once costs and interest are charged (L8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A contract: `security_rank` 0 is unsecured, and higher is better secured."""

    contract_id: UUID
    entity: str
    reference: str
    customer_id: UUID
    customer_number: str
    currency: str
    terms: Terms
    penalty_pct_per_day: Decimal
    security_rank: int
    allocation: Parts
