"""Where providers tell what became of a text message: signed, and as often as they like (N8)."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.notifications.gateways.signatures import is_signed
from services.notifications.gateways.sms import Provider
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


class Signature(BaseModel):
    """The headers that sign a receipt."""

    webhook_id: Annotated[str, Field(max_length=200)]
    webhook_timestamp: Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]
    webhook_signature: Annotated[str, Field(max_length=1000)]

    def fits(self, provider: Provider, content: bytes, *, now_seconds: float) -> bool:
        """Return whether the provider signed this content just now."""
        return is_signed(
            provider.receipt_secret.get_secret_value(),
            webhook_id=self.webhook_id,
            timestamp=self.webhook_timestamp,
            signatures=self.webhook_signature,
            content=content,
            now_seconds=now_seconds,
        )


Signing = Annotated[Signature, Header()]


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
        dependencies=[Public],
        responses=problems(NOT_FOUND, BAD_SIGNATURE),
        openapi_extra={BODY_LIMIT: MAX_RECEIPT_BYTES},
    )
    async def receive(provider: str, body: JsonBody[ReceiptTold], request: Request, signed: Signing) -> Response:
        """Take a receipt; the same one again changes nothing. Headers as in Standard Webhooks."""
        content, now = await request.body(), context.clock.now()
        asked = desk.texting.providers.get(provider)
        if asked is None or not signed.fits(asked, content, now_seconds=now.timestamp()):
            raise Problem(BAD_SIGNATURE)
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
