"""Lets people look at messages before they go: edit the free paragraph, approve what they saw, or refuse (N7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.look import REFUSED, OwnEdit, approved, edited, refused
from services.notifications.domain.message import Message, NotOpen
from services.notifications.store import messages, templates
from services.notifications.store.days import read_days_seen
from services.notifications.store.looks import Action, Looked, insert_look
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.facts import withheld_of
from services.notifications.usecases.request import Request
from services.notifications.usecases.write_mail import words_of
from shared.messaging.outgoing import Outgoing
from shared.web.problem_types import CONFLICT, FORBIDDEN
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Edit:
    """The free paragraph, as it is to read from now; empty takes it out."""

    remark: str


@dataclass(frozen=True, slots=True)
class Approve:
    """It may go as this edition reads."""

    edition: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """It must not go, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtMessage:
    """What a person does with a message that exists."""

    message_id: UUID
    act: Edit | Approve | Refuse
    request: Request


async def look_at_messages(
    connection: AsyncConnection, commands: Sequence[LookAtMessage], *, desk: Desk
) -> list[Message | Problem]:
    """Carry out what people want, in order; what the message's state does not allow is a conflict."""
    return [await _look(connection, command, desk=desk) for command in commands]


async def _look(connection: AsyncConnection, command: LookAtMessage, *, desk: Desk) -> Message | Problem:
    message = (await messages.read_messages(connection, [command.message_id]))[command.message_id]
    if isinstance(command.act, Edit) and not await _has_place(connection, message):
        return Problem(CONFLICT, "The approved words of this message have no place for a free paragraph.")
    try:
        moved = _moved(message, command)
    except NotOpen as error:
        return Problem(CONFLICT, str(error))
    except OwnEdit:
        return Problem(FORBIDDEN, "Who edited a letter does not approve it.")
    at = command.request.recorded_at
    await messages.save_messages(connection, [moved], at=at)
    await insert_look(connection, _looked(moved, command))
    if isinstance(command.act, Refuse):
        await _tell_refused(connection, moved, command, desk=desk)
    await messages.refresh_next_dates(connection, [moved.customer_id], holds_day=desk.fast_clock)
    return moved


async def _has_place(connection: AsyncConnection, message: Message) -> bool:
    """Return whether the words in every language of this purpose show the paragraph: none may lose it."""
    speaking = await templates.read_current(connection, [message.purpose]) if message.channel == "email" else {}
    return bool(speaking) and all(words_of(each).shows("remark") for each in speaking.values())


def _moved(message: Message, command: LookAtMessage) -> Message:
    actor, at = command.request.origin.actor, command.request.recorded_at
    match command.act:
        case Edit(remark):
            return edited(message, remark=remark, actor=actor)
        case Approve(edition):
            return approved(message, edition=edition, actor=actor, at=at)
        case Refuse():
            return refused(message)


def _looked(moved: Message, command: LookAtMessage) -> Looked:
    action, note = _said(command.act)
    return Looked(
        message_id=moved.message_id,
        action=action,
        edition=moved.edition,
        note=note,
        actor=command.request.origin.actor,
        at=command.request.recorded_at,
    )


def _said(act: Edit | Approve | Refuse) -> tuple[Action, str]:
    match act:
        case Edit(remark):
            return "edit", remark
        case Approve():
            return "approve", ""
        case Refuse(reason):
            return "refuse", reason


async def _tell_refused(connection: AsyncConnection, moved: Message, command: LookAtMessage, *, desk: Desk) -> None:
    seen = await read_days_seen(connection, partitions=[moved.partition_no])
    cause = command.request.cause(seen.get(moved.partition_no))
    told = Outgoing(
        event=withheld_of(moved, REFUSED),
        subject=str(moved.message_id),
        cause=cause,
        effective_date=cause.business_date,
        customer_id=moved.customer_id,
    )
    await desk.outbox.append(connection, [told])
