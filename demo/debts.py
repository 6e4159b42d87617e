"""What the simulated debtors owe, as they see it, kept by the ledger's own answers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from demo.population import Customer
from shared.money import format_amount, parse_amount


@dataclass(slots=True, kw_only=True)
class Debt:
    """One instalment: what is open of it, what the debtor withholds, and when he means to pay it, if he does."""

    customer: Customer
    invoice_id: str
    invoice_number: str
    ordinal: int
    due_date: date
    open_minor: int
    pay_date: date | None
    withheld_minor: int = 0

    @property
    def name(self) -> tuple[str, int]:
        """Return what people call it: the invoice's number and the instalment's."""
        return self.invoice_number, self.ordinal

    @property
    def willing_minor(self) -> int:
        """Return what he would pay of it."""
        return max(self.open_minor - self.withheld_minor, 0)


class Debts:
    """All debts of all simulated customers."""

    def __init__(self) -> None:
        self._by_customer: defaultdict[str, dict[tuple[str, int], Debt]] = defaultdict(dict)

    def add(self, debt: Debt) -> None:
        """Note a debt from a new invoice."""
        self._by_customer[debt.customer.number][debt.name] = debt

    def of(self, customer: Customer) -> Iterator[Debt]:
        """Yield what this customer owes, the oldest due date first."""
        debts = self._by_customer[customer.number].values()
        yield from sorted((each for each in debts if each.open_minor), key=lambda each: (each.due_date, each.name))

    def overdue(self, customer: Customer, *, today: date) -> list[Debt]:
        """Return what this customer should have paid before today and means to contest no part of."""
        return [debt for debt in self.of(customer) if debt.due_date < today and debt.willing_minor]

    def forget(self, customer: Customer, invoice_number: str) -> None:
        """Drop the debts of an invoice that was cancelled."""
        mine = self._by_customer[customer.number]
        for name in [name for name in mine if name[0] == invoice_number]:
            del mine[name]

    def settle(self, customer: Customer, allocations: Iterable[Mapping[str, Any]]) -> None:
        """Lower the debts by what the ledger says it allocated."""
        self._move(customer, allocations, sign=-1)

    def restore(self, customer: Customer, allocations: Iterable[Mapping[str, Any]]) -> None:
        """Raise them again, because the money bounced."""
        self._move(customer, allocations, sign=1)

    def _move(self, customer: Customer, allocations: Iterable[Mapping[str, Any]], *, sign: int) -> None:
        mine = self._by_customer[customer.number]
        for each in allocations:
            debt = mine[each["invoice_number"], each["ordinal"]]
            debt.open_minor += sign * parse_amount(each["amount"], customer.currency)


def amount_text(minor: int, customer: Customer) -> str:
    """Return an amount as the API takes it."""
    return format_amount(minor, customer.currency)
