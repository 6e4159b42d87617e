"""Decides at the last moment what becomes of a message: it goes, waits, or is withheld and says why (N4, N5, N6)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.notifications.domain.contact import ContactPoint, NoContact, choose_contact
from services.notifications.domain.debt import Debt, Rest, Standing, standings
from services.notifications.domain.fences import (
    Fences,
    Permission,
    WorkingDays,
    civil_time,
    permission,
)
from services.notifications.domain.look import Look, needs_look
from services.notifications.domain.message import Dropped, Line, Message

LineKey = tuple[str, UUID, str, int]
MessageKey = tuple[str, str, str, str, date]
Said = tuple[UUID, date]
"""A reminder and a civil date on which it spoke: its messages on several channels are one contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """All that is known of one customer at the positions of the claim."""

    debts: Mapping[UUID, Debt]
    rests: Sequence[Rest]
    contacts: Sequence[ContactPoint]
    said: Collection[Said] = ()
    held_messages: Collection[MessageKey] = ()
    held_lines: Collection[LineKey] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When and under which rules the decision is made.

    `looks` are the policies of the approved templates, by channel, purpose and language; `entities` the creditors who
    are known, `channels` those by which messages can leave.
    """

    now: datetime
    day: date
    fast_clock: bool
    fences: Fences
    calendar_of: Callable[[str], WorkingDays]
    looks: Mapping[tuple[str, str, str], Look]
    entities: Collection[str]
    channels: Collection[str] = ("email",)

    def languages(self, channel: str, purpose: str) -> set[str]:
        """Return the languages that have approved words for a purpose on a channel."""
        return {language for by, what, language in self.looks if (by, what) == (channel, purpose)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLine:
    """A debt that the message speaks of, with the sum that may be asked for."""

    debt: Debt
    collectible_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """It goes now, to this contact, about these debts."""

    contact: ContactPoint
    spoken: tuple[SpokenLine, ...]
    civil_at: datetime
    dropped: Dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """It may go at `until` (civil time of the recipient) and not before."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFirst:
    """A person must look at it before it goes, by this policy."""

    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Withhold:
    """It will not go."""

    reason: str
    dropped: Dropped


Decision = Send | Wait | AskFirst | Withhold


def key_of(message: Message) -> MessageKey:
    """Return the key by which a decision to send is made once for its customer."""
    return (message.channel, message.entity, message.purpose, message.step, message.planned_date)


def order_of(line: SpokenLine) -> tuple[date, str, int]:
    """Return the place of a debt among those of a message: the oldest first."""
    return (line.debt.due_date, line.debt.invoice_number, line.debt.ordinal)


def decide(message: Message, heard: Heard, moment: Moment) -> Decision:
    """Return what becomes of the message; it goes only while a debt that reached its very step is to be collected."""
    known = standings(list(heard.debts.values()), heard.rests, today=moment.day)
    dropped = {
        line.instalment_id: reason
        for line in message.lines
        if (reason := _why_dead(message.channel, line, heard, known)) is not None
    }
    if reason := _why_not(message, heard, moment, dropped):
        return Withhold(reason=reason, dropped=dropped)
    contact = choose_contact(
        heard.contacts,
        channel=message.channel,
        purpose=message.purpose,
        formal=message.formal,
        languages=moment.languages(message.channel, message.purpose),
    )
    if isinstance(contact, NoContact):
        return Withhold(reason=contact.reason, dropped=dropped)
    look = moment.looks[(message.channel, message.purpose, contact.language)]
    if needs_look(message, look):
        return AskFirst(look=look)
    allowed = _permission(message, heard, moment, contact)
    if allowed is None:
        return Withhold(reason="no_permitted_time", dropped=dropped)
    if allowed.blocked_by:
        return Wait(until=allowed.at, reason=allowed.blocked_by)
    alive = [line.instalment_id for line in message.lines if line.instalment_id not in dropped]
    spoken = [SpokenLine(debt=heard.debts[each], collectible_minor=known[each].collectible_minor) for each in alive]
    spoken.sort(key=order_of)
    return Send(contact=contact, spoken=tuple(spoken), civil_at=allowed.at, dropped=dropped)


def _why_dead(channel: str, line: Line, heard: Heard, known: Mapping[UUID, Standing]) -> str | None:
    """Return why nothing may be said about this debt, or None."""
    debt = heard.debts.get(line.instalment_id)
    if debt is None:
        return "debt_unknown"
    if debt.open_minor and debt.episode != line.episode:
        return "episode_over"
    if line.step is not None and (channel, line.instalment_id, line.step, line.episode) in heard.held_lines:
        return "already_sent"
    return known[line.instalment_id].reason


def _why_not(message: Message, heard: Heard, moment: Moment, dropped: Dropped) -> str | None:
    """Return why the message must not go to anybody, or None."""
    if message.channel not in moment.channels:
        return "channel_not_configured"
    if message.entity not in moment.entities:
        return "creditor_unknown"
    if key_of(message) in heard.held_messages:
        return "already_sent"
    own = [line.instalment_id for line in message.lines if line.step == message.step]
    reasons = [dropped.get(each) for each in own]
    return None if None in reasons else next((each for each in reasons if each), "nothing_to_say")


def _permission(message: Message, heard: Heard, moment: Moment, contact: ContactPoint) -> Permission | None:
    at = civil_time(moment.now, day=moment.day, zone=contact.zone, fast_clock=moment.fast_clock)
    return permission(
        moment.fences,
        at=at,
        calendar=moment.calendar_of(contact.zone),
        message_dates=[day for _, day in heard.said],
        own_dates=[day for reminder, day in heard.said if reminder == message.reminder_id],
        by_hand=message.by_hand,
    )
