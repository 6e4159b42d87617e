"""Tells the sender, as a provider does, what became of each text message: most arrive, a few do not (N8)."""

import base64
import hashlib
import hmac
import json
import random
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import httpx

from deploy.local.mailbox.texts import Text
from shared.clock import Clock

_DEAD_SHARE = 0.03
_SWITCHED_OFF_SHARE = 0.04
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a text message; `reason` says why it did not arrive."""

    status: Literal["delivered", "undelivered"]
    reason: Literal["number", "switched_off"] | None = None


def fate_of(text: Text) -> Fate:
    """Return what becomes of a text: by its number and words alone, so that the same run again is told the same."""
    if _chance("number", text.to) < _DEAD_SHARE:
        return Fate(status="undelivered", reason="number")
    if _chance("phone", text.to, text.text) < _SWITCHED_OFF_SHARE:
        return Fate(status="undelivered", reason="switched_off")
    return Fate(status="delivered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Where receipts go, and what signs them."""

    url: str
    secret: str
    clock: Clock

    async def tell(self, text: Text) -> None:
        """Tell it once: of a message whose receipt cannot be told nobody knows whether it arrived, as in life."""
        fate, now = fate_of(text), self.clock.now()
        told = {"reference": text.reference, "status": fate.status, "reason": fate.reason, "at": now.isoformat()}
        content, timestamp = json.dumps(told).encode(), str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Webhook-Id": text.reference,
            "Webhook-Timestamp": timestamp,
            "Webhook-Signature": self._signature(text.reference, timestamp, content),
        }
        async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_SECONDS) as client:
            with suppress(httpx.HTTPError):
                await client.post(self.url, content=content, headers=headers)

    def _signature(self, webhook_id: str, timestamp: str, content: bytes) -> str:
        signed = f"{webhook_id}.{timestamp}.".encode() + content
        return "v1," + base64.b64encode(hmac.digest(self.secret.encode(), signed, hashlib.sha256)).decode()


def _chance(*question: str) -> float:
    return random.Random("/".join(question)).random()  # noqa: S311 - repeatable on purpose
