"""The ledger's calls: documents in, money in, days, and what is owed at any date."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any, Literal

from dueflow_client.problem import Problem
from dueflow_client.service import ServiceClient
from dueflow_client.shapes import BankAccount, Contract, CreditNote, Designation, Entity, EntityReach, Invoice, Payment


class LedgerClient(ServiceClient):
    """What is owed: invoices, payments, credit notes, business days, aging."""

    async def record_entity(self, entity: Entity, *, key: str | None = None) -> Any:
        """Record a creditor entity."""
        return await self._http.post("/v1/entities", entity, key=key)

    async def change_entity(self, code: str, reach: EntityReach, *, version: int) -> Any:
        """Change how customers reach an entity, if nobody changed it since it was read as of this version."""
        return await self._http.patch(f"/v1/entities/{code}", reach, etag=f'"{version}"')

    async def propose_account(self, entity: str, account: BankAccount, *, key: str | None = None) -> Any:
        """Propose another bank account of an entity; nobody hears of it before another person approves it."""
        return await self._http.post(f"/v1/entities/{entity}/accounts", account, key=key)

    async def approve_account(self, entity: str, account_id: str, *, key: str | None = None) -> Any:
        """Approve an account that somebody else proposed."""
        return await self._http.post(f"/v1/entities/{entity}/accounts/{account_id}/approval", key=key)

    async def record_contract(self, contract: Contract, *, key: str | None = None) -> Any:
        """Record a contract's terms."""
        return await self._http.post("/v1/contracts", contract, key=key)

    async def issue_invoice(self, invoice: Invoice, *, key: str | None = None) -> Any:
        """Issue one invoice."""
        return await self._http.post("/v1/invoices", invoice, key=key)

    async def issue_invoices(self, invoices: Sequence[Invoice], *, key: str | None = None) -> list[Any | Problem]:
        """Issue many; each is an answer or the Problem of that one."""
        return await self._batch("/v1/invoices/batch", invoices, noun="invoice", key=key)

    def invoices(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield invoices; filters: customer_id, customer_number, number, status, overdue."""
        return self._http.pages("/v1/invoices", **filters)

    async def invoice(self, invoice_id: str) -> Any:
        """Return an invoice with its instalments and every allocation with the rule that made it."""
        return await self._http.get(f"/v1/invoices/{invoice_id}")

    async def cancel_invoice(self, invoice_id: str, *, number: str, reason: str, key: str | None = None) -> Any:
        """Cancel an invoice by a document of its own."""
        return await self._http.post(
            f"/v1/invoices/{invoice_id}/cancellation", {"number": number, "reason": reason}, key=key
        )

    async def record_payment(self, payment: Payment, *, key: str | None = None) -> Any:
        """Record one payment; the answer says which debts it settled and why those."""
        return await self._http.post("/v1/payments", payment, key=key)

    async def record_payments(self, payments: Sequence[Payment], *, key: str | None = None) -> list[Any | Problem]:
        """Record many; each is an answer or the Problem of that one."""
        return await self._batch("/v1/payments/batch", payments, noun="payment", key=key)

    async def reverse_payment(self, payment_id: str, *, reason: str, reversed_date: str, key: str | None = None) -> Any:
        """Record that a payment bounced: its debts are open again with their age."""
        body = {"reason": reason, "reversed_date": reversed_date}
        return await self._http.post(f"/v1/payments/{payment_id}/reversal", body, key=key)

    async def refund_payment(
        self, payment_id: str, *, reference: str, amount: str, refunded_date: str, key: str | None = None
    ) -> Any:
        """Record that unapplied money went back to the payer."""
        body = {"reference": reference, "amount": amount, "refunded_date": refunded_date}
        return await self._http.post(f"/v1/payments/{payment_id}/refund", body, key=key)

    async def allocate_payment(
        self, payment_id: str, allocations: Sequence[Designation], *, key: str | None = None
    ) -> Any:
        """Allocate a payment by hand."""
        body = {"allocations": list(allocations)}
        return await self._http.post(f"/v1/payments/{payment_id}/allocations", body, key=key)

    async def issue_credit_note(self, credit_note: CreditNote, *, key: str | None = None) -> Any:
        """Issue a credit note."""
        return await self._http.post("/v1/credit-notes", credit_note, key=key)

    def credit_notes(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield credit notes; filters: customer_id or customer_number, entity, number."""
        return self._http.pages("/v1/credit-notes", **filters)

    async def import_file(
        self, content: bytes, *, kind: Literal["invoices", "payments"], media_type: str, strict: bool = False
    ) -> str:
        """Hand over a file (text/csv or application/x-ndjson) and return the id of its import."""
        flag = "true" if strict else "false"
        answer = await self._http.upload("/v1/imports", content, media_type=media_type, kind=kind, strict=flag)
        return str(answer["import_id"])

    async def import_progress(self, import_id: str) -> Any:
        """Return how far an import is."""
        return await self._http.get(f"/v1/imports/{import_id}")

    def import_errors(self, import_id: str) -> AsyncIterator[Any]:
        """Yield the rows that an import refused: line, column, reason."""
        return self._http.pages(f"/v1/imports/{import_id}/errors")

    async def open_day(self, day: date) -> Any:
        """Open a business day; the answer comes at once, the work follows (see `day`)."""
        return await self._http.post("/v1/business-days", {"day": day.isoformat()}, key=f"open-day-{day}")

    async def current_day(self) -> Any:
        """Return the business day that is open."""
        return await self._http.get("/v1/business-days/current")

    async def day(self, day: date, *, wait_seconds: int | None = None) -> Any:
        """Return a business day: its state, how many instalments became overdue, and whether all services ended it.

        With `wait_seconds` (at most 30) the answer comes when they have, or after that time.
        """
        return await self._http.get(f"/v1/business-days/{day}", wait_seconds=wait_seconds)

    async def aging(self, **filters: Any) -> Any:
        """Return what was open by age; filters: as_of, basis, entity, currency, customer_id, by."""
        return await self._http.get("/v1/aging", **filters)

    def aging_by_customer(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield the same customer by customer."""
        return self._http.pages("/v1/aging", **filters, by="customer")

    async def audit_exceptions(self, month: str, **filters: Any) -> Any:
        """Return how many exceptions of each kind each person made in a month (2026-03); filters: actor, exception."""
        return await self._http.get("/v1/audit/exceptions", month=month, **filters)

    async def trial_balance(self, **filters: Any) -> Any:
        """Return the balance of each account; filters: as_of, entity."""
        return await self._http.get("/v1/trial-balance", **filters)
