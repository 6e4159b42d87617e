"""Notifications' calls: whom to reach, and what left for them."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from dueflow_client.problem import Problem
from dueflow_client.service import ServiceClient
from dueflow_client.shapes import ContactPoint


class NotificationsClient(ServiceClient):
    """The messages to customers."""

    async def add_contact_point(self, contact_point: ContactPoint, *, key: str | None = None) -> Any:
        """Add one contact point."""
        return await self._http.post("/v1/contact-points", contact_point, key=key)

    async def add_contact_points(
        self, contact_points: Sequence[ContactPoint], *, key: str | None = None
    ) -> list[Any | Problem]:
        """Add many contact points; each is an answer or the Problem of that one."""
        return await self._batch("/v1/contact-points/batch", contact_points, noun="contact_point", key=key)

    def contact_points(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield contact points; filters: customer_id, customer_number."""
        return self._http.pages("/v1/contact-points", **filters)

    async def verify_contact_point(
        self, contact_point_id: str, *, address_for_service: bool, key: str | None = None
    ) -> Any:
        """Confirm a person's name, role and authority."""
        body = {"address_for_service": address_for_service}
        return await self._http.post(f"/v1/contact-points/{contact_point_id}/verification", body, key=key)

    def messages(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield messages; filters: customer_id, state, from."""
        return self._http.pages("/v1/messages", **filters)

    async def message(self, message_id: str) -> Any:
        """Return a message: its exact content, hash, attempts, and why it went or not."""
        return await self._http.get(f"/v1/messages/{message_id}")

    async def letter(self, message_id: str) -> bytes:
        """Return the letter of a mail as PDF: as it was sent, or as it would read today."""
        return await self._http.content(f"/v1/messages/{message_id}/letter.pdf", media_type="application/pdf")

    async def edit_message(self, message_id: str, *, remark: str, key: str | None = None) -> Any:
        """Set the free paragraph of a letter that has not left; somebody has to approve it then."""
        return await self._http.post(f"/v1/messages/{message_id}/remark", {"remark": remark}, key=key)

    async def approve_message(self, message_id: str, *, edition: int, key: str | None = None) -> Any:
        """Let a message go that waits for approval, as this edition reads."""
        return await self._http.post(f"/v1/messages/{message_id}/approval", {"edition": edition}, key=key)

    async def refuse_message(self, message_id: str, *, reason: str, key: str | None = None) -> Any:
        """Keep a message from going that waits for approval."""
        return await self._http.post(f"/v1/messages/{message_id}/refusal", {"reason": reason}, key=key)

    def templates(self, **filters: Any) -> AsyncIterator[Any]:
        """Yield the versions of the words; filter: purpose."""
        return self._http.pages("/v1/templates", **filters)

    async def resolve_message(
        self, message_id: str, *, action: Literal["resend", "mark_sent", "give_up"], reason: str, key: str | None = None
    ) -> Any:
        """Decide what becomes of a message whose fate is unknown."""
        body = {"action": action, "reason": reason}
        return await self._http.post(f"/v1/messages/{message_id}/resolution", body, key=key)

    async def sending(self) -> Any:
        """Return whether messages leave at all; after a restore none does until a person says so."""
        return await self._http.get("/v1/sending")

    async def unmute_sending(self, *, reason: str) -> None:
        """Let messages leave again after a restore."""
        await self._http.post("/v1/sending/unmute", {"reason": reason})
