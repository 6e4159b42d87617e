"""What an attempt leads to: sent, tried again after a pause or elsewhere, failed, or unknown (N4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifications.domain.message import Message, Outcome, State

RETRY_HOURS = 72
"""How long a refusal for now is repeated before people must look (faults 2.39)."""

_FIRST_PAUSE_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 2 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Where an attempt leaves its message; `due_at` is when to try again."""

    state: State
    reason: str | None = None
    due_at: datetime | None = None
    address_invalid: bool = False


def settlement(
    message: Message, outcome: Outcome, *, now: datetime, resend_unknown: bool, providers: int = 1
) -> Settlement:
    """Return where the outcome leaves the message; an unknown one is sent again at most once, and only by policy.

    With several providers each is tried before the message pauses.
    """
    match outcome.kind:
        case "taken":
            return Settlement(state=State.SENT)
        case "refused":
            reason = outcome.reason or f"smtp_{outcome.code}"
            return Settlement(state=State.FAILED, reason=reason, address_invalid=outcome.blames_address)
        case "not_begun":
            return Settlement(state=State.RELEASED, due_at=now)
        case "unknown" if not resend_unknown or message.unknown_attempts:
            return Settlement(state=State.UNKNOWN, reason="outcome_unknown")
        case "unknown" | "deferred":
            reason = "outcome_unknown" if outcome.kind == "unknown" else "deferred"
            return _again(message, reason, now=now, pause=_pause(message, outcome, providers=providers))


def _pause(message: Message, outcome: Outcome, *, providers: int) -> timedelta:
    if outcome.elsewhere and message.attempts % providers:
        return timedelta(0)
    own = pause_before(message.message_id, attempt=-(-message.attempts // providers))
    return max(own, timedelta(seconds=outcome.retry_after_seconds))


def _again(message: Message, reason: str, *, now: datetime, pause: timedelta) -> Settlement:
    begun_at = message.first_attempt_at or now
    due_at = now + pause
    if due_at > begun_at + timedelta(hours=RETRY_HOURS):
        return Settlement(state=State.FAILED, reason="retries_exhausted")
    return Settlement(state=State.RETRYING, reason=reason, due_at=due_at)


def pause_before(message_id: UUID, *, attempt: int) -> timedelta:
    """Return the pause after the `attempt`-th try: doubling from a minute to two hours, spread by 50 to 100 %.

    The spread comes from the message's id, so that a thousand messages part and a test can repeat.
    """
    longest = min(_FIRST_PAUSE_SECONDS * 2 ** min(attempt - 1, 16), _LONGEST_PAUSE_SECONDS)
    spread = (message_id.int >> (attempt % 64)) % 1000 / 1000
    return timedelta(seconds=longest * (0.5 + spread / 2))
