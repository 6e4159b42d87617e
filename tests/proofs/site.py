"""One service at work inside of a test: its real API, consumer and days over a real database, its topic in memory."""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from services.collections.main import SERVICE as COLLECTIONS
from services.credit.main import SERVICE as CREDIT
from services.ledger.main import SERVICE as LEDGER
from services.notifications.main import SERVICE as NOTIFICATIONS
from shared.clock import FixedClock
from shared.contracts.collections import DayWorked
from shared.contracts.event import Event
from shared.contracts.ledger import BusinessDayReached
from shared.ids import new_id
from shared.messaging import stream_store
from shared.messaging.applying import Applier
from shared.messaging.day_order import DayOrder
from shared.messaging.days import DayWork, Progress
from shared.messaging.ends import EndsAsker
from shared.messaging.gates import Gates
from shared.messaging.kafka import Place, Record
from shared.messaging.markers import DayMarkers
from shared.messaging.partition import Lane
from shared.messaging.relay import Relay
from shared.run import make_api
from shared.service import Context, Service, make_context, topic_of
from shared.web.keys import key_entry
from tests.faults.house import PARTITIONS
from tests.proofs.canonical import Dump, dump

KEY = "proofs-key-0123456789"
SERVICES: Mapping[str, Service] = {each.name: each for each in (CREDIT, LEDGER, COLLECTIONS, NOTIFICATIONS)}
EVERYWHERE = -1
Topics = dict[Place, list[Record]]

_MARKERS: Mapping[str, type[Event]] = {"ledger": BusinessDayReached, "collections": DayWorked}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a service did: it took a record of a partition, went on with its day there, or sent messages."""

    partition_no: int = EVERYWHERE
    record: Record | None = None


@dataclass(repr=False)
class Site:
    """One service's database with everything that works on it; `done` is what it did, in its order."""

    service: Service
    context: Context
    topics: Topics
    done: list[Step] = field(default_factory=list)
    heard: dict[Place, int] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)

    @cached_property
    def lane(self) -> Lane:
        """The transactions of its consumer, composed as in its worker."""
        seen = _MARKERS["ledger"]
        begins = _MARKERS.get(self.service.day_from or "")
        return Lane(
            engine=self.context.engine,
            applier=Applier(self._subscription, PARTITIONS),
            markers=DayMarkers(seen.wire, begins.wire, {seen.wire: seen, begins.wire: begins}) if begins else None,
            on_begin=self.service.on_begin,
            published=lambda: None,
        )

    @cached_property
    def _day_order(self) -> DayOrder | None:
        if self.service.day_from != "ledger":
            return None
        return DayOrder(self.context.engine, topic_of(self.context.settings, "ledger"), hold_seconds=math.inf)

    @cached_property
    def _subscription(self) -> Any:
        return self.service.subscription(self.context)

    @cached_property
    def caller(self) -> httpx.AsyncClient:
        """Somebody who may call everything of its API."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=make_api(self.service, self.context)),
            base_url=f"http://{self.service.name}/v1",
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=60,
        )

    async def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        """Post a body that must be accepted, under a new intent or under this one."""
        answer = await self.caller.post(path, json=body, headers={"Idempotency-Key": key or new_id().hex})
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def publish(self) -> int:
        """Number what is in the outbox as the relay does, and append it to the topic; return how much it was."""
        async with self.context.engine.begin() as connection:
            await stream_store.ensure_heads(connection, PARTITIONS)
            await stream_store.assign(connection)
            rows = await stream_store.unacknowledged(connection, max_bytes=2**40)
            await stream_store.mark_acknowledged(connection, rows)
        for row in rows:
            self.append(self._relay.sending.record(row))
        return len(rows)

    def append(self, record: Record) -> None:
        """Let a record be the last of its partition."""
        log = self.topics.setdefault((record.topic, record.partition_no), [])
        log.append(replace(record, offset=len(log)))

    @cached_property
    def _relay(self) -> Relay:
        settings = self.context.settings
        return Relay(
            engine=self.context.engine,
            bootstrap=settings.kafka_bootstrap,
            topic=topic_of(settings, self.service.name),
            source=f"dueflow/{self.service.name}",
            partitions=PARTITIONS,
            wake=self.context.wake,
            ends=EndsAsker(settings.kafka_bootstrap).ends,
        )

    @property
    def places(self) -> list[Place]:
        """What it listens to."""
        heard = [topic_of(self.context.settings, each) for each in self.service.listens_to]
        return [(topic, number) for topic in heard for number in range(PARTITIONS)]

    async def listen(self, places: Sequence[Place] | None = None) -> bool:
        """Hear what is new (in `places`), record by record, and work the days; return whether anything was new."""
        moved = False
        for number in sorted(self.waiting):
            moved |= await self.go_on(number)
        for place in self.places if places is None else places:
            while (record := await self.hear(place)) is not None:
                moved = True
                if self.lane.begins_work(record):
                    await self.go_on(place[1])
        return moved

    async def hear(self, place: Place) -> Record | None:
        """Hear and return the next record of a place, if one may be; a day that it begins waits to be gone on with."""
        record = self._next(place)
        if record is None or (self._day_order and not await self._day_order.ready(place, [record])):
            return None
        await self.lane.take(place, [record])
        self.heard[place] = record.offset + 1
        self.done.append(Step(place[1], record))
        if self.lane.begins_work(record):
            self.waiting.add(place[1])
        return record

    def _next(self, place: Place) -> Record | None:
        """Return the next record, unless it begins a day while the one before waits for the sender."""
        log, at = self.topics.get(place, []), self.heard.get(place, 0)
        if at >= len(log) or (place[1] in self.waiting and self.lane.begins_work(log[at])):
            return None
        return log[at]

    async def go_on(self, partition_no: int) -> bool:
        """Go on with the day; return whether it came to its end."""
        self.done.append(Step(partition_no))
        if await self.work_day(partition_no) is Progress.WAITING:
            return False
        self.waiting.discard(partition_no)
        return True

    async def work_day(self, partition_no: int) -> Progress:
        """Work the partition's day until it ends, or waits for something outside."""
        assert self.service.day_worked is not None
        assert self.service.day_from is not None
        work = DayWork(
            name=self.service.name,
            partition_no=partition_no,
            subscription=self._subscription,
            outbox=self.context.outbox,
            clock=self.context.clock,
            marker=self.service.day_worked,
            begin=self.lane.begin,
            topic=topic_of(self.context.settings, self.service.day_from),
        )
        while (progress := await work.chunk()) is Progress.MORE:
            pass
        return progress

    async def dump(self, *, only: Collection[str] = ()) -> Dump:
        """Return what it knows and has said."""
        async with self.context.engine.connect() as connection:
            return await dump(connection, only=only)

    async def let_go(self) -> None:
        """Disconnect from the database, until there is more to do."""
        await self.context.wake.close()
        await self.context.engine.dispose()

    async def close(self) -> None:
        """Let go of everything."""
        await self.caller.aclose()
        await self.let_go()


def open_site(
    name: str, database_url: str, folder: Path, *, topics: Topics, clock: FixedClock, fast: bool = True
) -> Site:
    """Return a service on this migrated database, by default under the fast clock."""
    keys = folder / "keys.json"
    if not keys.exists():
        keys.write_text(json.dumps([key_entry("erp", KEY, frozenset({"read", "write", "admin"}))]))
    service = SERVICES[name]
    settings = service.settings(
        database_url=database_url,
        kafka_bootstrap="127.0.0.1:9",  # nobody asks: records come from memory
        api_keys_file=keys,
        port=1,
        worker_port=1,
        partitions=PARTITIONS,
        clock="fast" if fast else "civil",
        rate_per_second=1_000_000,
        **({"day_followers": ()} if name == "ledger" else {}),  # type: ignore[arg-type]
    )

    async def ends(places: Collection[Place]) -> dict[Place, int]:
        return {place: len(topics.get(place, [])) for place in places}

    def gates(engine: Any) -> Gates:
        return Gates(engine=engine, topic_of=lambda publisher: topic_of(settings, publisher), ends=ends)

    context = make_context(service, settings, "worker", gates=gates)
    return Site(service, replace(context, clock=clock), topics)
