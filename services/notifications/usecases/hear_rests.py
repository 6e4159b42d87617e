"""Follows what people agreed, contested or paused, as collections tells it: dunning for it rests (N5)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.notifications.domain.debt import RestKind
from services.notifications.usecases.hear_debts import customer_of
from services.notifications.usecases.news import News
from shared.contracts import collections
from shared.ids import partition_of
from shared.messaging.envelope import Envelope

_DAY = timedelta(days=1)


def hear_promise(news: News, event: collections.PromiseMade, envelope: Envelope) -> None:
    """Note a promise: the promised amount rests until collections says what came of it."""
    _add(
        news,
        envelope,
        event.promise_id,
        "promise",
        entity=event.entity,
        instalment_ids=[str(each) for each in event.instalment_ids],
        currency=event.currency,
        amount_minor=event.amount_minor,
        from_date=envelope.business_date,
    )


def hear_promise_outcome(
    news: News, event: collections.PromiseOutcome | collections.PromiseWithdrawn, envelope: Envelope
) -> None:
    """Note that a promise was kept, broken or withdrawn: it rests no more from today."""
    news.rest_ends[event.promise_id] = envelope.business_date - _DAY


def hear_dispute(news: News, event: collections.DisputeOpened, envelope: Envelope) -> None:
    """Note that an amount of an instalment is contested."""
    _add(
        news,
        envelope,
        event.dispute_id,
        "dispute",
        entity=event.entity,
        invoice_id=event.invoice_id,
        instalment_ids=[str(event.instalment_id)],
        currency=event.currency,
        amount_minor=event.amount_minor,
        from_date=envelope.business_date,
    )


def hear_dispute_resolved(news: News, event: collections.DisputeResolved, _envelope: Envelope) -> None:
    """Note from which day there may be messages about it again; what is to be credited rests until the credit comes."""
    if event.credited_minor:
        news.rest_ends[event.dispute_id] = None
        news.credits_decided[event.dispute_id] = event.credited_minor
    else:
        news.rest_ends[event.dispute_id] = event.dunning_from - _DAY


def hear_pause(news: News, event: collections.PauseStarted, envelope: Envelope) -> None:
    """Note that dunning rests for an invoice, for all of one entity, or for the customer."""
    _add(
        news,
        envelope,
        event.pause_id,
        "pause",
        entity=event.entity,
        invoice_id=event.invoice_id if event.scope == "invoice" else None,
        from_date=event.start_date,
        until_date=event.end_date,
    )


def hear_pause_ended(news: News, event: collections.PauseEnded, _envelope: Envelope) -> None:
    """Note the last day of a pause."""
    news.rest_ends[event.pause_id] = event.end_date


def _add(news: News, envelope: Envelope, rest_id: UUID, kind: RestKind, *, from_date: date, **covers: Any) -> None:
    customer_id = customer_of(envelope)
    news.rests[rest_id] = {
        "rest_id": rest_id,
        "customer_id": customer_id,
        "partition_no": partition_of(customer_id, news.partitions),
        "kind": kind,
        "entity": None,
        "invoice_id": None,
        "instalment_ids": [],
        "currency": None,
        "amount_minor": None,
        "until_date": None,
        "from_date": from_date,
        **covers,
    }
