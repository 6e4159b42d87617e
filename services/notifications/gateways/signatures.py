"""Checks the signature of a provider's receipt: HMAC-SHA256 as in Standard Webhooks, so that old ones do not count."""

import base64
import hashlib
import hmac

TOLERANCE_SECONDS = 300

_VERSION = "v1,"


def signature(secret: str, *, webhook_id: str, timestamp: str, content: bytes) -> str:
    """Return the signature of a content."""
    signed = f"{webhook_id}.{timestamp}.".encode() + content
    return _VERSION + base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()


def is_signed(
    secret: str, *, webhook_id: str, timestamp: str, signatures: str, content: bytes, now_seconds: float
) -> bool:
    """Return whether one of the signatures, which spaces part, fits, and was made within five minutes of now."""
    if not timestamp.isdecimal() or abs(now_seconds - int(timestamp[:15])) > TOLERANCE_SECONDS:
        return False
    expected = signature(secret, webhook_id=webhook_id, timestamp=timestamp, content=content)
    return any(hmac.compare_digest(expected.encode(), each.encode()) for each in signatures.split())
