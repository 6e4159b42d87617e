"""The books balance after any sequence of facts, and nobody can change what they say (L14, L17, invariants 1-4, 25)."""

import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.ledger.tests.identities import IDENTITIES
from services.ledger.tests.rest import House, invoice_body, payment_body

STEPS = 120


class Year:
    """Random facts of a few customers over some weeks; what is refused is refused, and the books must still hold."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.random = random.Random(seed)  # noqa: S311 - a repeatable sequence, no secret
        self.day = date(2026, 1, 1)
        self.count = 0
        self.deck: list[Callable[[], Awaitable[None]]] = []
        self.invoices: list[dict[str, Any]] = []
        self.payments: list[dict[str, Any]] = []

    async def step(self) -> None:
        """Do one thing; every kind of thing has its turn."""
        if not self.deck:
            self.deck += [self.issue, self.issue, self.issue, self.pay, self.pay, self.pass_days, self.batch]
            self.deck += [self.reverse, self.refund, self.move, self.credit, self.cancel]
            self.random.shuffle(self.deck)
        self.count += 1
        await self.deck.pop()()

    async def issue(self) -> None:
        """Issue an invoice of one to three instalments, some of them pending or overdue at once."""
        body = self.an_invoice()
        answer = await self.house.post("/invoices", body)
        assert answer.status_code == 201, answer.text
        self.invoices.append({"customer_number": body["customer_number"], **answer.json()})

    async def batch(self) -> None:
        """Record two payments in one request."""
        items = [self.a_payment(), self.a_payment()]
        await self.house.done("/payments/batch", {"items": items})

    async def pay(self) -> None:
        """Record a payment."""
        answer = await self.house.post("/payments", self.a_payment())
        assert answer.status_code == 201, answer.text
        self.payments.append(answer.json())

    async def pass_days(self) -> None:
        """Open a day, and missed ones before it."""
        self.day += timedelta(days=self.random.randint(1, 5))
        await self.house.open(str(self.day))

    async def reverse(self) -> None:
        """Let a payment bounce."""
        await self.change("reversal", {"reason": "bounced", "reversed_date": self.past()})

    async def refund(self) -> None:
        """Give some money back."""
        await self.change(
            "refund", {"reference": f"R-{self.count}", "amount": self.amount(), "refunded_date": str(self.day)}
        )

    async def move(self) -> None:
        """Allocate a payment by agreement to an invoice of the same customer."""
        if self.invoices and self.payments:
            payment = self.random.choice(self.payments)
            theirs = [each for each in self.invoices if each["customer_id"] == payment["customer_id"]]
            number = self.random.choice(theirs or self.invoices)["number"]
            lines = [{"invoice_number": number, "amount": self.amount(2000)}]
            body = {"allocations": lines, "replace": self.random.random() < 0.7}
            await self.change("allocations", body, payment)

    async def credit(self) -> None:
        """Issue a credit note of an invoice, or of none."""
        body = {
            "entity": "acme",
            "number": f"CN-{self.count}",
            "customer_number": self.customer(),
            "issue_date": self.past(),
            "currency": "CNY",
            "total": self.amount(),
            "tax": "0.01",
            "reason": "bonus",
        }
        if self.invoices and self.random.random() < 0.7:
            invoice = self.random.choice(self.invoices)
            body |= {"invoice_number": invoice["number"], "customer_number": invoice["customer_number"]}
        await self.house.post("/credit-notes", body)

    async def cancel(self) -> None:
        """Cancel an invoice, if nothing was paid or credited of it."""
        if self.invoices:
            invoice = self.random.choice(self.invoices)
            body = {"number": f"X-{self.count}", "reason": "error"}
            await self.house.post(f"/invoices/{invoice['invoice_id']}/cancellation", body)

    async def change(self, what: str, body: dict[str, Any], payment: dict[str, Any] | None = None) -> None:
        """Change a payment; refusals are part of life, failures are not."""
        if self.payments:
            payment = payment or self.random.choice(self.payments)
            answer = await self.house.post(f"/payments/{payment['payment_id']}/{what}", body)
            assert answer.status_code in {201, 409, 422}, answer.text

    def an_invoice(self) -> dict[str, Any]:
        """Return the body of an invoice."""
        parts = [self.random.randint(1, 9999) for _ in range(self.random.randint(1, 3))]
        issued = self.day + timedelta(days=self.random.randint(-10, 10))
        total = f"{sum(parts) / 100:.2f}"
        dues = [
            {
                "due_date": str(issued + timedelta(days=self.random.randint(-3, 12))),
                "amount": f"{part / 100:.2f}",
            }
            for part in parts
        ]
        return invoice_body(
            f"I-{self.count}",
            total,
            "",
            instalments=dues,
            issue_date=str(issued),
            customer_number=self.customer(),
            security_rank=self.random.randint(0, 1),
        )

    def a_payment(self) -> dict[str, Any]:
        """Return the body of a payment, half of them with a remittance."""
        reference = f"P-{self.count}-{self.random.random()}"
        body = payment_body(reference, self.amount(), self.past(), customer_number=self.customer())
        if self.invoices and self.random.random() < 0.5:
            invoice = self.random.choice(self.invoices)
            body["customer_number"] = invoice["customer_number"]
            body["remittance"] = [{"invoice_number": invoice["number"]}]
        return body

    def amount(self, most: int = 5000) -> str:
        """Return some money."""
        return f"{self.random.randint(1, most) / 100:.2f}"

    def past(self) -> str:
        """Return a day up to the open one."""
        return str(self.day - timedelta(days=self.random.randint(0, 8)))

    def customer(self) -> str:
        """Return one of three customers."""
        return f"C-{self.random.randint(1, 3)}"


@pytest.mark.parametrize("seed", range(4))
async def test_the_identities_hold_after_any_sequence_of_facts(house: House, seed: int) -> None:
    """L14, invariants 1-4: at every position, whatever was refused on the way."""
    year = Year(house, seed)
    for step in range(STEPS):
        await year.step()
        if step % 20 == 0 or step == STEPS - 1:
            for name, query in IDENTITIES.items():
                assert await house.rows(query) == [], (name, seed, step)
    rules = {row["rule"] for row in await house.rows("SELECT DISTINCT rule FROM movement")}
    assert {"issue", "designation", "reversal", "agreement", "credit_note"} <= rules, "it must have tried them all"


@pytest.mark.parametrize("table", ["movement", "credit_movement", "journal_entry", "posting", "audit_record"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {} = {}", "TRUNCATE {} CASCADE"])
async def test_nobody_changes_the_books(house: House, table: str, change: str) -> None:
    """L17, invariant 1: append-only, for the ledger's own role too."""
    column = {"posting": "ordinal", "journal_entry": "document_number"}.get(table, "recorded_at")
    with pytest.raises(IntegrityError, match="append-only"):
        async with house.context.engine.begin() as connection:
            await connection.execute(text(change.format(table, column, column)))


async def test_an_unbalanced_entry_is_refused_by_the_database(house: House) -> None:
    """L14: whoever writes it."""
    await house.invoice("I-1", "1.00", "2026-02-01")
    with pytest.raises(IntegrityError, match="does not balance"):
        async with house.context.engine.begin() as connection:
            await connection.execute(
                text("INSERT INTO posting SELECT entry_id, 9, '1122', 1 FROM journal_entry LIMIT 1")
            )


async def test_the_figures_of_a_closed_day_stay(house: House) -> None:
    """L14, invariant 25: the posting date is the open day, whatever the effective date."""
    await house.invoice("I-1", "100.00", "2026-02-01")
    await house.open("2026-01-02")
    before = await house.get("/trial-balance", as_of="2026-01-01")
    await house.pay("P-1", "100.00", "2026-01-01")
    assert await house.get("/trial-balance", as_of="2026-01-01") == before
