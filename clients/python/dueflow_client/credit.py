"""Credit's calls: customers, limits, and the check before an order ships."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from dueflow_client.problem import Problem
from dueflow_client.service import ServiceClient
from dueflow_client.shapes import Amount, Customer, Order


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

    async def set_limit(self, customer_id: UUID, limit: Amount, *, reason: str) -> Any:
        """Set a customer's limit."""
        return await self._http.put(f"/v1/customers/{customer_id}/limit", {**limit, "reason": reason})

    async def set_group_limit(self, group: str, limit: Amount) -> Any:
        """Set the limit of a whole group."""
        return await self._http.put(f"/v1/groups/{group}", {"limit": limit})

    async def record_insolvency(self, customer_id: UUID, *, opened_date: date, key: str | None = None) -> Any:
        """Record that insolvency proceedings were opened."""
        body = {"opened_date": opened_date.isoformat()}
        return await self._http.post(f"/v1/customers/{customer_id}/insolvency", body, key=key)

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
