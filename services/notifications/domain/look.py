"""Whether a person must look at a message before it goes, and what may be decided about it then (N7)."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from services.notifications.domain.message import Message, NotOpen, State

Look = Literal["none", "unless_approved", "one", "four_eyes"]
"""Who looks: nobody; a person, unless one approved the intent in collections; always one; one who has not edited it."""

REFUSED = "refused"

_EDITABLE = frozenset({State.WAITING, State.RELEASED, State.WAITING_FOR_APPROVAL})


class OwnEdit(Exception):
    """Who edited a letter does not approve it where four eyes are asked for."""


def needs_look(message: Message, look: Look) -> bool:
    """Return whether a person has yet to approve the message as it reads now; an edited one is always looked at."""
    if message.approved_edition == message.edition:
        return False
    if message.edition or look in {"one", "four_eyes"}:
        return True
    return look == "unless_approved" and not message.preapproved


def edited(message: Message, *, remark: str, actor: str) -> Message:
    """Return the message with another free paragraph, which nobody has approved yet."""
    if message.state not in _EDITABLE:
        raise NotOpen(f"The message is {message.state}; its words are fixed.")
    return replace(message, remark=remark, edition=message.edition + 1, edited_by=actor)


def approved(message: Message, *, edition: int, actor: str, at: datetime) -> Message:
    """Return the message free to go; what is approved is the edition that the person saw."""
    _check_waiting(message)
    if edition != message.edition:
        raise NotOpen(f"The message was edited meanwhile; its edition is {message.edition}.")
    if message.look == "four_eyes" and message.edited_by == actor:
        raise OwnEdit
    return replace(message, state=State.RELEASED, reason=None, approved_edition=edition, due_at=at)


def refused(message: Message) -> Message:
    """Return the message that will not go."""
    _check_waiting(message)
    return replace(message, state=State.WITHHELD, reason=REFUSED)


def _check_waiting(message: Message) -> None:
    if message.state is not State.WAITING_FOR_APPROVAL:
        raise NotOpen(f"The message is {message.state}; it does not wait for approval.")
