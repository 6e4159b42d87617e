"""A small reference of credit, ledger and collections: dictionaries and integers, no database, no events, no order."""

from dataclasses import dataclass, field
from datetime import date

STAGES = ((91, "proceedings"), (61, "legal"), (31, "manager"), (0, "salesperson"))
"""The house's stages (facts 3.9), by the days past due from which each holds."""

CHASED_MINOR = 5_000


@dataclass
class Invoice:
    """A debt of one instalment."""

    customer: str
    minor: int
    due_date: date
    open_minor: int
    credited_minor: int = 0


@dataclass
class Credit:
    """A payment or a credit note: all of it is settled, unapplied, or went back."""

    customer: str
    minor: int
    invoice: str
    settled_minor: int = 0
    reversed_minor: int = 0

    @property
    def unapplied_minor(self) -> int:
        """Return what settles nothing."""
        return self.minor - self.settled_minor - self.reversed_minor


@dataclass
class Model:
    """What the three services together must come to."""

    invoices: dict[str, Invoice] = field(default_factory=dict)
    credits: dict[str, Credit] = field(default_factory=dict)

    def issue(self, number: str, customer: str, minor: int, due_date: date) -> None:
        """Let a debt begin."""
        self.invoices[number] = Invoice(customer, minor, due_date, minor)

    def settle(self, reference: str, minor: int, invoice: str) -> None:
        """Let money or a credit note settle what is open of the invoice; the rest stays unapplied."""
        debt = self.invoices[invoice]
        credit = Credit(debt.customer, minor, invoice, settled_minor=min(minor, debt.open_minor))
        debt.open_minor -= credit.settled_minor
        self.credits[reference] = credit

    def bounce(self, reference: str) -> None:
        """Let all of a payment go back; what it had settled is open again."""
        credit = self.credits[reference]
        self.invoices[credit.invoice].open_minor += credit.settled_minor
        credit.settled_minor, credit.reversed_minor = 0, credit.minor

    def open_minor(self, customer: str) -> int:
        """Return what a customer owes."""
        return sum(each.open_minor for each in self.invoices.values() if each.customer == customer)

    def exposure_minor(self, customer: str) -> int:
        """Return what counts against a customer's limit (C5)."""
        free = sum(each.unapplied_minor for each in self.credits.values() if each.customer == customer)
        return self.open_minor(customer) - free

    def stage(self, customer: str, today: date) -> str | None:
        """Return where a customer's case stands: by the debt most days past due of those that are chased (K2)."""
        debts = [each for each in self.invoices.values() if each.customer == customer]
        overdue = [each for each in debts if each.open_minor and each.due_date < today]
        days = max(((today - each.due_date).days for each in overdue if each.open_minor >= CHASED_MINOR), default=0)
        return next(stage for from_days, stage in STAGES if days >= from_days) if overdue else None
