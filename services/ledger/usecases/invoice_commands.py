"""What is asked for when an invoice is issued, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.ledger.domain.debt import Debt, Invoice
from services.ledger.domain.invoice import InvoiceFacts
from services.ledger.usecases.origin import Origin
from shared.ids import customer_id_of, document_id_of

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueInvoice:
    """Record this invoice."""

    origin: Origin
    facts: InvoiceFacts

    @property
    def invoice_id(self) -> UUID:
        """The id that this number always gives."""
        return document_id_of("invoice", *self.key)

    @property
    def customer_id(self) -> UUID:
        """Whose invoice it is."""
        return customer_id_of(self.facts.customer_number)

    @property
    def key(self) -> Key:
        """What makes it the same invoice."""
        return self.facts.entity, self.facts.number


@dataclass(frozen=True, slots=True)
class IssuedInvoice:
    """The invoice as it is recorded, now or before, with its instalments."""

    invoice: Invoice
    debts: Sequence[Debt]
    warnings: Sequence[str]
    is_new: bool
