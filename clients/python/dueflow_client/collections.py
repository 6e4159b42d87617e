"""Collections' calls: cases, the work list, promises, disputes and pauses."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Literal

from dueflow_client.service import ServiceClient
from dueflow_client.shapes import Dispute, Pause, Policy, Promise


class CollectionsClient(ServiceClient):
    """The work on overdue debts."""

    def cases(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield cases; filters: customer_id, state, stage."""
        return self._http.pages("/v1/cases", **filters)

    async def case_history(self, case_id: str) -> Any:
        """Return every change of a case: stage, anchor instalment, rule, policy version, both dates."""
        return await self._http.get(f"/v1/cases/{case_id}/history")

    async def classify_debtor(self, case_id: str, *, debtor_class: str, reason: str, key: str | None = None) -> Any:
        """Confirm whether a debtor cannot or will not pay; the class has a playbook of its own."""
        body = {"class": debtor_class, "reason": reason}
        return await self._http.post(f"/v1/cases/{case_id}/class", body, key=key)

    async def step_counts(self, *, first: date, last: date) -> list[Any]:
        """Return how often each step of the playbooks came to which state between two dates."""
        return list((await self._http.get("/v1/step-counts", first=first, last=last))["items"])

    async def playbooks(self) -> Any:
        """Return the playbook of the house and all that were loaded; needs the scope admin."""
        return await self._http.get("/v1/playbooks")

    async def load_playbook(self, policy: Policy, *, key: str | None = None) -> Any:
        """Load a playbook for a segment from a day on; needs the scope admin."""
        return await self._http.post("/v1/playbooks", policy, key=key)

    async def load_stages(self, policy: Policy, *, key: str | None = None) -> Any:
        """Load stages for a segment from a day on; needs the scope admin."""
        return await self._http.post("/v1/stage-policies", policy, key=key)

    def tasks(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield tasks; filters: role, state, due_until, customer_id."""
        return self._http.pages("/v1/tasks", **filters)

    async def complete_task(
        self, task_id: str, *, outcome: str, note: str | None = None, key: str | None = None
    ) -> Any:
        """Say how a task ended."""
        body = {"outcome": outcome} if note is None else {"outcome": outcome, "note": note}
        return await self._http.post(f"/v1/tasks/{task_id}/completion", body, key=key)

    async def decide_task(
        self, task_id: str, *, decision: Literal["approve", "refuse"], reason: str, key: str | None = None
    ) -> Any:
        """Approve or refuse what waits for a person."""
        body = {"decision": decision, "reason": reason}
        return await self._http.post(f"/v1/tasks/{task_id}/decision", body, key=key)

    async def record_promise(self, promise: Promise, *, key: str | None = None) -> Any:
        """Record a promise to pay."""
        return await self._http.post("/v1/promises", promise, key=key)

    def promises(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield promises with how they ended."""
        return self._http.pages("/v1/promises", **filters)

    async def withdraw_promise(self, promise_id: str, *, reason: str, key: str | None = None) -> Any:
        """Record that a promise counts no more."""
        return await self._http.post(f"/v1/promises/{promise_id}/withdrawal", {"reason": reason}, key=key)

    async def open_dispute(self, dispute: Dispute, *, key: str | None = None) -> Any:
        """Record that the customer contests an amount."""
        return await self._http.post("/v1/disputes", dispute, key=key)

    def disputes(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield disputes with how they ended."""
        return self._http.pages("/v1/disputes", **filters)

    async def resolve_dispute(
        self,
        dispute_id: str,
        *,
        outcome: Literal["credited", "partly_credited", "rejected", "withdrawn"],
        credited: str | None = None,
        key: str | None = None,
    ) -> Any:
        """Decide a dispute; what is credited becomes a credit note of the ledger."""
        body = {"outcome": outcome} if credited is None else {"outcome": outcome, "credited": credited}
        return await self._http.post(f"/v1/disputes/{dispute_id}/resolution", body, key=key)

    async def start_pause(self, pause: Pause, *, key: str | None = None) -> Any:
        """Let dunning rest."""
        return await self._http.post("/v1/pauses", pause, key=key)

    async def end_pause(self, pause_id: str, *, end_date: str, reason: str, key: str | None = None) -> Any:
        """End a pause before its time."""
        return await self._http.post(f"/v1/pauses/{pause_id}/end", {"end_date": end_date, "reason": reason}, key=key)

    def reminders(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield reminders; filters: customer_id, state."""
        return self._http.pages("/v1/reminders", **filters)
