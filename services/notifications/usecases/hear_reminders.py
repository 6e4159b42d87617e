"""Follows the reminders that collections plans and withdraws: each becomes one message, decided once (N4, K5)."""

from services.notifications.domain.message import Line, Message
from services.notifications.usecases.hear_debts import customer_of
from services.notifications.usecases.news import News
from shared.contracts import collections
from shared.ids import derived_id, partition_of
from shared.messaging.envelope import Envelope


def hear_planned(news: News, event: collections.ReminderPlanned, envelope: Envelope) -> None:
    """Note a message to be sent on its planned date, unless something happens before."""
    customer_id = customer_of(envelope)
    news.customers.add(customer_id)
    lines = [Line(instalment_id=each.instalment_id, step=each.step, episode=each.episode) for each in event.lines]
    news.messages[event.reminder_id] = Message(
        message_id=derived_id(event.reminder_id, "message"),
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
        correlation_id=envelope.correlation_id,
        traceparent=envelope.traceparent,
        lines=tuple(lines),
    )


def hear_withdrawn(news: News, event: collections.ReminderWithdrawn, envelope: Envelope) -> None:
    """Note that the message must not go any more; what has left has left."""
    news.customers.add(customer_of(envelope))
    news.withdrawals[event.reminder_id] = event.reason
