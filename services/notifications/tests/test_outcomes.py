"""What an attempt leads to: never a blind repeat, never a retry without end (N4, faults 2.39-2.43)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.message import Action, Message, NotOpen, Outcome, State, resolved
from services.notifications.domain.settling import RETRY_HOURS, pause_before, settlement

NOW = datetime(2026, 3, 16, 2, tzinfo=UTC)
CLAIMED = Message(
    message_id=UUID(int=7),
    reminder_id=UUID(int=8),
    customer_id=UUID(int=9),
    partition_no=0,
    entity="cn01",
    purpose="reminder",
    step="reminder",
    planned_date=date(2026, 3, 16),
    due_date=date(2026, 3, 16),
    formal=False,
    answer_working_days=None,
    channels=("email",),
    correlation_id="c",
    traceparent="t",
    lines=(),
    state=State.CLAIMED,
    attempts=1,
    first_attempt_at=NOW,
)


def settled(kind: str, *, message: Message = CLAIMED, resend: bool = False, at: datetime = NOW) -> State:
    """Return the state to which an outcome leads."""
    outcome = Outcome(kind=kind, code=550)  # type: ignore[arg-type]
    return settlement(message, outcome, now=at, resend_unknown=resend).state


def test_each_outcome_has_one_meaning() -> None:
    """N4: taken is sent, refused is failed, deferred is tried again, unknown is for people."""
    assert settled("taken") is State.SENT
    assert settled("refused") is State.FAILED
    assert settled("deferred") is State.RETRYING
    assert settled("unknown") is State.UNKNOWN
    assert settled("not_begun") is State.RELEASED


def test_only_a_refusal_flags_the_address() -> None:
    """N9, faults 2.40: 5xx says that nothing can be delivered there."""
    flags = {
        kind: settlement(CLAIMED, Outcome(kind=kind), now=NOW, resend_unknown=False).address_invalid
        for kind in ("taken", "refused", "deferred", "unknown", "not_begun")
    }

    assert flags == {"taken": False, "refused": True, "deferred": False, "unknown": False, "not_begun": False}


def test_an_unknown_outcome_is_repeated_at_most_once_and_only_by_policy() -> None:
    """N4, faults 2.41: one duplicate at most, ever."""
    again = replace(CLAIMED, unknown_attempts=1, attempts=2)

    assert settled("unknown", resend=True) is State.RETRYING
    assert settled("unknown", resend=True, message=again) is State.UNKNOWN


@given(st.uuids(), st.integers(1, 60))
def test_pauses_grow_are_spread_and_have_a_ceiling(message_id: UUID, attempt: int) -> None:
    """Faults 2.39: back-off with jitter, the same for the same message and attempt."""
    pause = pause_before(message_id, attempt=attempt)
    longest = min(60 * 2 ** (attempt - 1), 7200)

    assert timedelta(seconds=longest / 2) <= pause <= timedelta(seconds=longest)
    assert pause == pause_before(message_id, attempt=attempt)


@given(st.uuids())
def test_what_is_refused_for_now_is_tried_for_three_days_and_then_given_to_people(message_id: UUID) -> None:
    """Faults 2.39: retried up to 72 hours."""
    message, now = replace(CLAIMED, message_id=message_id), NOW
    while (reached := settlement(message, Outcome(kind="deferred"), now=now, resend_unknown=False)).due_at:
        now = reached.due_at
        message = replace(message, attempts=message.attempts + 1)

    assert reached.state is State.FAILED
    assert reached.reason == "retries_exhausted"
    assert timedelta(hours=RETRY_HOURS - 2) <= now - NOW <= timedelta(hours=RETRY_HOURS)
    assert message.attempts < 100


@pytest.mark.parametrize(
    ("state", "action", "expected"),
    [
        (State.UNKNOWN, "resend", State.RELEASED),
        (State.UNKNOWN, "mark_sent", State.SENT),
        (State.UNKNOWN, "give_up", State.ABANDONED),
        (State.FAILED, "resend", State.RELEASED),
        (State.FAILED, "give_up", State.ABANDONED),
    ],
)
def test_a_person_decides_about_what_is_open(state: State, action: Action, expected: State) -> None:
    """N4: a list for people, and each decision on it has one end."""
    assert resolved(replace(CLAIMED, state=state), action, at=NOW).state is expected


@pytest.mark.parametrize("state", [each for each in State if each not in (State.UNKNOWN, State.FAILED)])
def test_nothing_else_is_open_to_a_decision(state: State) -> None:
    """N4: nothing can be sent around the rules."""
    with pytest.raises(NotOpen):
        resolved(replace(CLAIMED, state=state), "resend", at=NOW)


def test_what_failed_was_not_sent() -> None:
    """N4: a refusal cannot be marked as sent."""
    with pytest.raises(NotOpen):
        resolved(replace(CLAIMED, state=State.FAILED), "mark_sent", at=NOW)
