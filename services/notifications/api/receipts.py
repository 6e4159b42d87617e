"""Where providers tell what became of a text message: signed, and as often as they like (N8)."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security.base import SecurityBase
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.notifications.gateways.signatures import is_signed
from services.notifications.store.receipts import Receipt
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.record_receipts import record_receipt
from shared.service import Context
from shared.web.keys import Public
from shared.web.problem_types import NOT_FOUND, ProblemType
from shared.web.problems import Problem, problems
from shared.web.routing import BODY_LIMIT, JsonBody, router

MAX_RECEIPT_BYTES = 16 * 1024
BAD_SIGNATURE: Final = ProblemType(
    slug="bad-signature",
    status=401,
    title="The signature does not fit",
    meaning="Sign id, timestamp and body with the secret of this provider, and send them within five minutes.",
)


class SignedByProvider(SecurityBase):
    """A route's declaration that the provider in its path signed the body just now, as in Standard Webhooks."""

    scheme_name = "ProviderSignature"
    model = APIKey(
        **{"in": APIKeyIn.header},
        name="Webhook-Signature",
        description="`v1,` and HMAC-SHA256 of `id.timestamp.body` in base64; Webhook-Id and -Timestamp beside it.",
    )

    def __init__(self, context: Context, desk: Desk) -> None:
        self._context = context
        self._desk = desk

    async def __call__(self, request: Request) -> None:
        """Raise 401 unless the signature fits."""
        provider = self._desk.texting.providers.get(request.path_params["provider"])
        headers = [request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")]
        signed = provider is not None and is_signed(
            provider.receipt_secret.get_secret_value(),
            webhook_id=headers[0],
            timestamp=headers[1],
            signatures=headers[2],
            content=await request.body(),
            now_seconds=self._context.clock.now().timestamp(),
        )
        if not signed:
            raise Problem(BAD_SIGNATURE)


class ReceiptTold(BaseModel):
    """What became of a message; a provider may tell more, which is kept and not read."""

    model_config = ConfigDict(extra="ignore")

    reference: UUID
    status: Literal["delivered", "undelivered"]
    at: AwareDatetime
    reason: Annotated[str | None, Field(pattern=r"^[a-z0-9_]{1,40}$")] = None


def routes(context: Context, desk: Desk) -> APIRouter:
    """Return the route of receipts."""
    found = router(prefix="/v1/sms-receipts", tags=["receipts"])

    @found.post(
        "/{provider}",
        status_code=204,
        dependencies=[Public, Depends(SignedByProvider(context, desk))],
        responses=problems(NOT_FOUND, BAD_SIGNATURE),
        openapi_extra={BODY_LIMIT: MAX_RECEIPT_BYTES},
    )
    async def receive(provider: str, body: JsonBody[ReceiptTold], request: Request) -> Response:
        """Take a receipt; the same one again changes nothing."""
        content, now = await request.body(), context.clock.now()
        receipt = Receipt(
            message_id=body.reference,
            provider=provider,
            status=body.status,
            at=body.at,
            reason=body.reason,
            content=content,
            heard_at=now,
        )
        async with context.begin() as connection:
            known = await record_receipt(connection, receipt, desk=desk, now=now)
        await context.wake.outbox()
        if not known:
            raise Problem(NOT_FOUND)
        return Response(status_code=204)

    return found
