"""Credit's calls: customers, limits, and the check before an order ships."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

from dueflow_client.problem import Problem
from dueflow_client.service import ServiceClient
from dueflow_client.shapes import Amount, Customer, GradeAsked, Order, Scorecard


class CreditClient(ServiceClient):
    """The risk: who the customers are, their limits, and what may be shipped on credit."""

    async def register_customer(self, customer: Customer, *, key: str | None = None) -> Any:
        """Register one customer."""
        return await self._http.post("/v1/customers", customer, key=key)

    async def register_customers(self, customers: Sequence[Customer], *, key: str | None = None) -> list[Any | Problem]:
        """Register many; each is an answer or the Problem of that one."""
        return await self._batch("/v1/customers/batch", customers, noun="customer", key=key)

    def customers(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield the customers."""
        return self._http.pages("/v1/customers", **filters)

    async def amend_customer(self, customer_id: UUID, facts: Mapping[str, Any], *, version: int) -> Any:
        """Set the named facts of the version that was read; None clears one."""
        return await self._http.patch(f"/v1/customers/{customer_id}", facts, etag=f'"{version}"')

    async def score(self, customer_id: UUID, *, as_of: date | None = None) -> Any:
        """Compute a customer's score of today, or of a past day as known then."""
        query = {"as_of": as_of.isoformat()} if as_of else {}
        return await self._http.get(f"/v1/customers/{customer_id}/score", **query)

    async def explain_customer(self, customer_id: UUID) -> Any:
        """Ask why a customer stands where he stands, and what would change it."""
        return await self._http.get(f"/v1/customers/{customer_id}/explanation")

    async def load_scorecard(self, scorecard: Scorecard, *, key: str | None = None) -> Any:
        """Load a scorecard from a day on; needs the scope admin."""
        return await self._http.post("/v1/scorecards", scorecard, key=key)

    async def ask_for_grade(self, customer_id: UUID, grade: GradeAsked, *, key: str | None = None) -> Any:
        """Ask that a grade holds for a while; another person decides."""
        return await self._http.post(f"/v1/customers/{customer_id}/grade-overrides", grade, key=key)

    async def decide_grade(self, override_id: UUID, *, approve: bool, key: str | None = None) -> Any:
        """Approve or refuse what another person asked."""
        verb = "approve" if approve else "refuse"
        return await self._http.post(f"/v1/grade-overrides/{override_id}/{verb}", key=key)

    async def end_grade(self, override_id: UUID, *, reason: str, key: str | None = None) -> Any:
        """Let the customer's own grade count again before the override's last day."""
        return await self._http.post(f"/v1/grade-overrides/{override_id}/end", {"reason": reason}, key=key)

    def stale_items(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield what is known too long of customers, or not at all."""
        return self._http.pages("/v1/stale-items", **filters)

    async def refresh_profiles(self, *, key: str | None = None) -> Any:
        """Take over what outside sources say now."""
        return await self._http.post("/v1/source-refreshes", key=key)

    async def set_limit(self, customer_id: UUID, limit: Amount, *, reason: str) -> Any:
        """Set a customer's limit."""
        return await self._http.put(f"/v1/customers/{customer_id}/limit", {**limit, "reason": reason})

    async def release_limit(self, customer_id: UUID, *, reason: str, key: str | None = None) -> Any:
        """Let the computed limit count again instead of the one given by hand."""
        return await self._http.post(f"/v1/customers/{customer_id}/limit-release", {"reason": reason}, key=key)

    async def set_temporary_limit(self, customer_id: UUID, limit: Amount, *, until: date, reason: str) -> Any:
        """Let another limit count up to and including a business day."""
        body = {**limit, "until_date": until.isoformat(), "reason": reason}
        return await self._http.put(f"/v1/customers/{customer_id}/temporary-limit", body)

    async def set_security(self, customer_id: UUID, worth: Amount, *, reason: str) -> Any:
        """Record what securities in hand are worth."""
        return await self._http.put(f"/v1/customers/{customer_id}/security", {**worth, "reason": reason})

    def risks(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield grade, light, terms, limit and hold of the customers."""
        return self._http.pages("/v1/risks", **filters)

    def holds(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield holds; with open="true" those that stop deliveries now."""
        return self._http.pages("/v1/holds", **filters)

    async def lift_hold(
        self, hold_id: UUID, *, reason: Literal["secured", "decided"], approver: str, note: str, key: str | None = None
    ) -> Any:
        """Let deliveries go on, as somebody other than the caller approved."""
        body = {"reason": reason, "approver": approver, "note": note}
        return await self._http.post(f"/v1/holds/{hold_id}/lifting", body, key=key)

    async def set_group_limit(self, group: str, limit: Amount) -> Any:
        """Set the limit of a whole group."""
        return await self._http.put(f"/v1/groups/{group}", {"limit": limit})

    async def record_insolvency(self, customer_id: UUID, *, opened_date: date, key: str | None = None) -> Any:
        """Record that insolvency proceedings were opened."""
        body = {"opened_date": opened_date.isoformat()}
        return await self._http.post(f"/v1/customers/{customer_id}/insolvency", body, key=key)

    async def withdraw_insolvency(self, customer_id: UUID, *, reason: str, key: str | None = None) -> Any:
        """Take back that the customer is insolvent."""
        body = {"reason": reason}
        return await self._http.post(f"/v1/customers/{customer_id}/insolvency-withdrawal", body, key=key)

    async def blacklist_customer(self, customer_id: UUID, *, reason: str, key: str | None = None) -> Any:
        """Sell nothing on credit to this customer until he is delisted."""
        return await self._http.post(f"/v1/customers/{customer_id}/blacklisting", {"reason": reason}, key=key)

    async def check_order(self, order: Order, *, key: str | None = None) -> Any:
        """Ask whether an order may ship on credit; an approval reserves its amount."""
        return await self._http.post("/v1/credit-checks", order, key=key)

    async def release_reservation(self, reservation_id: str, *, key: str | None = None) -> Any:
        """Free what an order held, when it will not ship."""
        return await self._http.post(f"/v1/reservations/{reservation_id}/release", key=key)

    def exposures(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield what is at risk with each customer, part by part."""
        return self._http.pages("/v1/exposures", **filters)
