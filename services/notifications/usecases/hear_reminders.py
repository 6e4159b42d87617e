"""Follows the reminders that collections plans and withdraws: a message per channel, decided once (N4, K5)."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from services.notifications.domain.message import Channel, Line, Message
from services.notifications.usecases.hear_debts import customer_of
from services.notifications.usecases.news import News
from shared.contracts import collections
from shared.ids import derived_id, partition_of
from shared.messaging.envelope import Envelope


def hear_planned(news: News, event: collections.ReminderPlanned, envelope: Envelope) -> None:
    """Note what is to be sent on its planned date, unless something happens before."""
    customer_id = customer_of(envelope)
    news.customers.add(customer_id)
    lines = [Line(instalment_id=each.instalment_id, step=each.step, episode=each.episode) for each in event.lines]
    for channel, accompanies in _ways(event.channels):
        message = Message(
            message_id=_message_id(event.reminder_id, channel),
            reminder_id=event.reminder_id,
            customer_id=customer_id,
            partition_no=partition_of(customer_id, news.partitions),
            entity=event.entity,
            purpose=event.purpose,
            step=event.step,
            planned_date=event.planned_date,
            due_date=event.planned_date,
            formal=event.formal,
            answer_working_days=event.answer_working_days,
            channels=tuple(event.channels),
            channel=channel,
            accompanies=accompanies,
            preapproved=event.approval_task_id is not None,
            correlation_id=envelope.correlation_id,
            traceparent=envelope.traceparent,
            lines=tuple(lines),
        )
        news.messages[message.message_id] = message


def _ways(channels: Sequence[Channel]) -> Iterator[tuple[Channel, bool]]:
    """Return each channel with whether it accompanies the first; a letter travels in the mail, if there is one."""
    ways = [each for each in dict.fromkeys(channels) if each != "letter" or "email" not in channels]
    ways.sort(key=lambda each: each != "email")
    return ((each, each != ways[0]) for each in ways)


def _message_id(reminder_id: UUID, channel: Channel) -> UUID:
    """Return the id of a reminder's message; the mail's is as it was when there were mails only."""
    return derived_id(reminder_id, "message" if channel == "email" else f"message/{channel}")


def hear_withdrawn(news: News, event: collections.ReminderWithdrawn, envelope: Envelope) -> None:
    """Note that the message must not go any more; what has left has left."""
    news.customers.add(customer_of(envelope))
    news.withdrawals[event.reminder_id] = event.reason
