"""Claims due messages: each is decided on under its customer's lock and recorded before it leaves (N4, N5)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.decision import Decision, Heard, Moment, Send, Withhold, decide, key_of
from services.notifications.domain.message import Message
from services.notifications.gateways.parcels import Key, Parcel
from services.notifications.store import claims, contact_points, creditors, debts, templates
from services.notifications.store.claims import Standing
from services.notifications.store.days import read_work_days
from services.notifications.usecases.desk import Desk, calendar_of
from services.notifications.usecases.save_decisions import Decided, Sources, SpokenWords, save_decisions
from services.notifications.usecases.write_mail import Claim, write_mail
from services.notifications.usecases.write_text import write_text
from shared.ids import partition_of
from shared.messaging.customers import lock_customers

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The ends of the topics, by partition and publisher, as Kafka gave them at `asked_at`."""

    ends: Mapping[int, Mapping[str, int]]
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a round of claims came to: parcels to hand over now, and how many messages were decided on in all."""

    claims: Sequence[Claim]
    decided: int

    @property
    def parcels(self) -> Mapping[Key, Parcel]:
        """Return what to hand over, by attempt."""
        return {(each.message_id, each.attempt_no): each.parcel for each in self.claims}


async def claim_messages(
    connection: AsyncConnection, customers: Sequence[UUID], *, gate: Gate, desk: Desk, now: datetime
) -> Claimed:
    """Decide on the due messages of those customers whom nobody else holds, and store each decision."""
    standings = await claims.read_standings(connection, partitions=gate.ends)
    days = await read_work_days(connection, partitions=gate.ends)
    at_end = {number for number, ends in gate.ends.items() if _heard_all(standings[number], ends, desk)} & set(days)
    due = await _due(connection, customers, partitions=at_end, desk=desk, now=now)
    if not due:
        return Claimed(claims=(), decided=0)
    sources = await _read_sources(connection, due, desk)
    heard = await _read_heard(connection, due, earliest_day=min(days.values()))
    decided = _decide_in_turn(due, heard, sources, days=days, desk=desk, now=now)
    positions = {number: _offsets(standings[number], desk) for number in at_end}
    await save_decisions(connection, decided, positions=positions, positions_at=gate.asked_at, desk=desk, now=now)
    return Claimed(claims=[each.claim for each in decided if each.claim], decided=len(decided))


def _heard_all(standings: Mapping[str, Standing], ends: Mapping[str, int], desk: Desk) -> bool:
    """Return whether each topic is applied to the end that Kafka gave for this round, and none is stopped."""
    for publisher, end in ends.items():
        standing = standings.get(desk.topics[publisher], Standing(0, stopped=False))
        if standing.stopped or standing.next_offset < end:
            return False
    return True


async def _due(
    connection: AsyncConnection, customers: Sequence[UUID], *, partitions: Collection[int], desk: Desk, now: datetime
) -> list[Message]:
    wanted = [each for each in customers if partition_of(each, desk.outbox.partitions) in partitions]
    locked = await lock_customers(connection, wanted, partitions=desk.outbox.partitions, skip_locked=True)
    free = [each.customer_id for each in locked.values() if each.parked_at is None]
    return await claims.due_messages(connection, customers=sorted(free), now=now)


async def _read_sources(connection: AsyncConnection, due: Sequence[Message], desk: Desk) -> Sources:
    return Sources(
        creditors=await creditors.read_creditors(connection, {each.entity for each in due}),
        templates=await templates.read_current(connection, {each.purpose for each in due}),
        texts={key: each for key, each in desk.texts.items() if each.approved_by(desk.texting.names)},
    )


async def _read_heard(connection: AsyncConnection, due: Sequence[Message], *, earliest_day: date) -> dict[UUID, Heard]:
    customers = sorted({each.customer_id for each in due})
    instalments = {line.instalment_id for each in due for line in each.lines}
    owed = await debts.read_debts(connection, customers, instalments=instalments)
    rests = await debts.read_rests(connection, customers, today=earliest_day)
    contacts = await contact_points.read_of_customers(connection, customers)
    taken = await claims.read_taken(connection, due, earliest_day=earliest_day)
    return {
        each: Heard(
            debts=owed[each],
            rests=rests[each],
            contacts=contacts[each],
            said=frozenset(taken.said[each]),
            held_messages=tuple(taken.message_keys[each]),
            held_lines=frozenset(taken.line_keys),
        )
        for each in customers
    }


def _decide_in_turn(
    due: Sequence[Message],
    heard: dict[UUID, Heard],
    sources: Sources,
    *,
    days: Mapping[int, date],
    desk: Desk,
    now: datetime,
) -> list[Decided]:
    """Decide on one after the other, so that each message counts against the caps and keys of the next."""
    decided: list[Decided] = []
    for message in due:
        moment = Moment(
            now=now,
            day=days[message.partition_no],
            fast_clock=desk.fast_clock,
            fences=desk.fences,
            calendar_of=calendar_of,
            looks=sources.looks,
            entities=sources.creditors,
            channels=desk.channels,
        )
        known = heard[message.customer_id]
        decision = decide(message, known, moment)
        written = _write(message, decision, sources=sources, desk=desk, day=moment.day)
        decided.append(written)
        if isinstance(written.decision, Send):
            heard[message.customer_id] = _after(known, message, written.decision)
    return decided


def _write(message: Message, decision: Decision, *, sources: Sources, desk: Desk, day: date) -> Decided:
    """Write a message that goes; one that cannot be written is withheld, and stops no other."""
    if not isinstance(decision, Send):
        return Decided(message=message, day=day, decision=decision)
    try:
        words, parcel = _written(message, decision, sources=sources, desk=desk)
    except ValueError as error:
        log.error("message.not_writable", message_id=str(message.message_id), cause=type(error).__name__)  # noqa: TRY400 - the text may quote a person's data
        what = "mail" if message.channel == "email" else message.channel
        withhold = Withhold(reason=f"{what}_not_writable", dropped=decision.dropped)
        return Decided(message=message, day=day, decision=withhold)
    claim = Claim(message_id=message.message_id, attempt_no=message.attempts + 1, parcel=parcel)
    return Decided(message=message, day=day, decision=decision, words=words, claim=claim)


def _written(message: Message, send: Send, *, sources: Sources, desk: Desk) -> tuple[SpokenWords, Parcel]:
    key, creditor = (message.purpose, send.contact.language), sources.creditors[message.entity]
    if message.channel == "sms":
        text = sources.texts[key]
        parcel = write_text(message, send, creditor=creditor, template=text, texting=desk.texting)
        repeats = text.on_unknown == "resend" and desk.texting.keeps_references(parcel.provider)
        return SpokenWords(template_id=None, version=text.version, on_unknown="resend" if repeats else "ask"), parcel
    template = sources.templates[key]
    mail = write_mail(message, send, creditor=creditor, template=template, letterhead=desk.letterhead)
    return SpokenWords(template_id=template.template_id, version=template.version, on_unknown=template.on_unknown), mail


def _after(heard: Heard, message: Message, decision: Send) -> Heard:
    said = {
        (message.channel, line.instalment_id, line.step, line.episode)
        for line in message.lines
        if line.step is not None and line.instalment_id not in decision.dropped
    }
    return replace(
        heard,
        said=frozenset({*heard.said, (message.reminder_id, decision.civil_at.date())}),
        held_messages=(*heard.held_messages, key_of(message)),
        held_lines=frozenset(heard.held_lines) | said,
    )


def _offsets(standings: Mapping[str, Standing], desk: Desk) -> dict[str, int]:
    return {topic: standings[topic].next_offset if topic in standings else 0 for topic in desk.topics.values()}
