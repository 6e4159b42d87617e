"""Composes a service's worker: the relay, the consumer with its days, and the service's own background work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts import collections as collections_events
from shared.contracts import ledger as ledger_events
from shared.contracts.event import Event
from shared.messaging import metrics
from shared.messaging.applying import Applier
from shared.messaging.consumer import Consumer
from shared.messaging.day_order import DayOrder
from shared.messaging.days import DayWork
from shared.messaging.ends import EndsAsker
from shared.messaging.gates import Gates
from shared.messaging.kafka import KafkaAway, StreamConsumer
from shared.messaging.markers import DayMarkers
from shared.messaging.partition import Lane
from shared.messaging.relay import Relay
from shared.messaging.wake import OUTBOX
from shared.observe.figures import keep_reading
from shared.service import Service, make_context, topic_of
from shared.settings import ServiceSettings
from shared.web import idempotency_store

PRUNE_EVERY_SECONDS = 86_400

_MARKERS: dict[str, type[Event]] = {
    "ledger": ledger_events.BusinessDayReached,
    "collections": collections_events.DayWorked,
}


class Worker:
    """One worker process; any number of them share a service's partitions."""

    def __init__(self, service: Service, settings: ServiceSettings, *, instance: str) -> None:
        self._service = service
        self._settings = settings
        self._instance = instance
        self._topics = [topic_of(settings, each) for each in service.listens_to]
        self._asker = EndsAsker(settings.kafka_bootstrap)
        self.context = make_context(service, settings, "worker", gates=self._gates, agrees=lambda: self._relay.agrees)
        self._relay = Relay(
            engine=self.context.engine,
            bootstrap=settings.kafka_bootstrap,
            topic=topic_of(settings, service.name),
            source=f"dueflow/{service.name}",
            partitions=settings.partitions,
            wake=self.context.wake,
            ends=self._asker.ends,
        )
        self._consumer = self._make_consumer()
        self.health = self.context.health
        self.health["kafka"] = self._hears
        self.health["relay"] = self._agrees

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Return the endless tasks of this process."""
        background = self._service.background(self.context) if self._service.background else ()
        return [
            self.context.wake.listen,
            self._relay.run,
            self._forget_old_answers,
            self._show_figures,
            self._consumer.run,
            *background,
        ]

    async def close(self) -> None:
        """Disconnect what no task of its own does, once all have ended."""
        await self._asker.close()

    async def _forget_old_answers(self) -> None:
        """Delete stored answers that nobody may repeat any more, now and once a day."""
        while True:
            with suppress(SQLAlchemyError, OSError):
                async with self.context.engine.begin() as connection:
                    await idempotency_store.prune(connection)
            await asyncio.sleep(PRUNE_EVERY_SECONDS)

    async def _show_figures(self) -> None:
        await keep_reading(self.context.reading, (*metrics.FIGURES, *self._service.figures))

    def _make_consumer(self) -> Consumer:
        service, context = self._service, self.context
        subscription = service.subscription(context)
        lane = Lane(
            engine=context.engine,
            applier=Applier(subscription, context.partitions),
            markers=self._markers(),
            on_begin=service.on_begin,
            published=self._wake_relay,
        )

        def day_work(number: int) -> DayWork:
            if service.day_worked is None or service.day_from is None:
                msg = f"{service.name} works no days"
                raise RuntimeError(msg)
            return DayWork(
                name=service.name,
                partition_no=number,
                subscription=subscription,
                outbox=context.outbox,
                clock=context.clock,
                marker=service.day_worked,
                begin=lane.begin,
                topic=topic_of(self._settings, service.day_from),
            )

        return Consumer(
            engine=context.engine,
            make_client=self._client,
            ends=self._asker.ends,
            begins=self._asker.begins,
            lane=lane,
            day_work=day_work if service.day_from is not None else None,
            day_order=self._day_order(),
            topics=self._topics,
        )

    def _client(self) -> StreamConsumer:
        group = f"{self._settings.topic_prefix}{self._service.name}"
        return StreamConsumer(self._settings.kafka_bootstrap, topics=self._topics, group=group, instance=self._instance)

    def _markers(self) -> DayMarkers | None:
        if self._service.day_from is None:
            return None
        seen, begins = _MARKERS["ledger"], _MARKERS[self._service.day_from]
        return DayMarkers(seen.wire, begins.wire, {seen.wire: seen, begins.wire: begins})

    def _day_order(self) -> DayOrder | None:
        """Return the order for a service that works the ledger's own days."""
        if self._service.day_from != "ledger":
            return None
        return DayOrder(self.context.engine, topic_of(self._settings, "ledger"))

    def _wake_relay(self) -> None:
        """Wake the relay in this process; when another process leads, its poll or a notification finds the rows."""
        self.context.wake.on(OUTBOX).set()
        if not self._relay.leading:
            asyncio.get_running_loop().create_task(self.context.wake.outbox())

    def _gates(self, engine: AsyncEngine) -> Gates:
        return Gates(engine=engine, topic_of=partial(topic_of, self._settings), ends=self._asker.ends)

    async def _hears(self) -> None:
        if not self._consumer.ready:
            msg = "not connected to Kafka"
            raise KafkaAway(msg)

    async def _agrees(self) -> None:
        if self._relay.conflict is not None:
            raise RuntimeError(self._relay.conflict)
