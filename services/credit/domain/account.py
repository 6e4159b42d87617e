"""A customer's account as credit keeps it from the ledger's facts: what is open, unapplied and reserved."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from services.credit.domain.exposure import Part, combine
from services.credit.domain.reservations import Consumption, Reservation, consume
from shared.money import Money


class UnknownInvoice(Exception):
    """A fact moves an invoice whose issue was never applied."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What is owed to one entity in one currency, and what was paid to it and settles nothing yet."""

    open_minor: int = 0
    unapplied_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivable:
    """An issued invoice; `matched_minor` is how much of it has taken the place of its order's reservation."""

    invoice_id: UUID
    entity: str
    number: str
    order_number: str | None
    currency: str
    total_minor: int
    open_minor: int
    matched_minor: int = 0


@dataclass(frozen=True, slots=True)
class Movement:
    """By how much the open amount of an invoice moves."""

    invoice_id: UUID
    delta_minor: int


@dataclass(slots=True, kw_only=True)
class Account:
    """One customer's account while a batch is applied; the values are immutable, so what changed is what differs."""

    customer_id: UUID
    partition_no: int
    balances: dict[tuple[str, str], Balance] = field(default_factory=dict)
    receivables: dict[UUID, Receivable] = field(default_factory=dict)
    reservations: dict[UUID, Reservation] = field(default_factory=dict)

    def issue(self, invoice: Receivable, *, today: date) -> list[Consumption]:
        """Owe an invoice, which consumes what its order had reserved."""
        taken: list[Consumption] = []
        if invoice.order_number is not None:
            taken = consume(
                self.reservations.values(),
                order_number=invoice.order_number,
                currency=invoice.currency,
                amount_minor=invoice.total_minor,
                today=today,
            )
        self.reservations |= {each.reservation.reservation_id: each.reservation for each in taken}
        matched = sum(each.amount_minor for each in taken)
        self.receivables[invoice.invoice_id] = replace(invoice, matched_minor=matched)
        self._move(invoice.entity, invoice.currency, open_minor=invoice.open_minor)
        return taken

    def settle(self, movements: Iterable[Movement], *, entity: str, unapplied: Money) -> None:
        """Move the open amounts of invoices and, by `unapplied`, the cash that settles nothing yet."""
        moved = 0
        for movement in movements:
            invoice = self._known(movement.invoice_id)
            after = invoice.open_minor + movement.delta_minor
            self.receivables[invoice.invoice_id] = replace(invoice, open_minor=after)
            moved += movement.delta_minor
        self._move(entity, unapplied.currency, open_minor=moved, unapplied_minor=unapplied.minor)

    def cancel(self, invoice_id: UUID) -> None:
        """Stop matching an invoice with its order: it will not come again."""
        invoice = self._known(invoice_id)
        self.receivables[invoice_id] = replace(invoice, matched_minor=invoice.total_minor)

    def parts(self) -> dict[str, Part]:
        """Return what counts against limits, by currency."""
        owed = (
            {currency: Part(open_minor=each.open_minor, unapplied_minor=each.unapplied_minor)}
            for (_, currency), each in self.balances.items()
        )
        held = (
            {each.currency: Part(reserved_minor=each.rest_minor)}
            for each in self.reservations.values()
            if each.state == "live"
        )
        return combine((*owed, *held))

    def _known(self, invoice_id: UUID) -> Receivable:
        if invoice_id not in self.receivables:
            raise UnknownInvoice(str(invoice_id))
        return self.receivables[invoice_id]

    def _move(self, entity: str, currency: str, *, open_minor: int, unapplied_minor: int = 0) -> None:
        before = self.balances.get((entity, currency), Balance())
        after = Balance(before.open_minor + open_minor, before.unapplied_minor + unapplied_minor)
        self.balances[entity, currency] = after


def match(receivables: Iterable[Receivable], order: Money) -> tuple[list[Receivable], int]:
    """Match invoices that came before their order's check; return them, by id, and how much of the order they are."""
    rest = order.minor
    matched: list[Receivable] = []
    for invoice in sorted(receivables, key=lambda each: each.invoice_id):
        part = min(rest, invoice.total_minor - invoice.matched_minor)
        if part > 0 and invoice.currency == order.currency:
            matched.append(replace(invoice, matched_minor=invoice.matched_minor + part))
            rest -= part
    return matched, order.minor - rest
