"""What a service is made of, and the parts that each of its processes gets to work with."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.clock import Clock, MachineClock
from shared.contracts.event import Event
from shared.database import API_CONNECTIONS, WORKER_CONNECTIONS, open_engine, single_statements
from shared.messaging.customers import lock_customers
from shared.messaging.gates import Gates
from shared.messaging.outbox import Outbox, count_appended
from shared.messaging.subscription import Subscription
from shared.messaging.wake import Wake
from shared.observe.figures import Figure
from shared.settings import ServiceSettings
from shared.web.gather import Lane
from shared.web.problem_types import ProblemType

Role = Literal["api", "worker"]
Begin = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


@dataclass(frozen=True, kw_only=True)
class Context:
    """One process's parts: settings, storage, outgoing events, time, and how to wake the others.

    `begin` opens a transaction that changes something; `reading` is for single statements that change nothing.
    `single` and `bulk` are the lanes of gathered requests. `gates` exists in workers only. `health` holds the named
    checks of readiness; background work may add its own. `agrees` says whether topic and database tell one story;
    None in a worker that has not looked yet.
    """

    name: str
    settings: Any
    engine: AsyncEngine
    reading: AsyncEngine
    outbox: Outbox
    clock: Clock
    wake: Wake
    begin: Begin
    single: Lane
    bulk: Lane
    gates: Gates | None = None
    health: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    agrees: Callable[[], bool | None] = lambda: True

    @property
    def partitions(self) -> int:
        """Return into how many partitions customers are spread."""
        return self.outbox.partitions

    @property
    def fast_clock(self) -> bool:
        """Return whether civil time follows the business day instead of the machine."""
        return bool(self.settings.clock == "fast")


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service as its main.py composes it.

    `listens_to` names the publishers whose topics it consumes; `day_from` the one whose marker begins its own day's
    work, and `day_worked` the marker that ends it. `on_begin` runs first in every transaction that changes anything,
    `on_new_epoch` last in the one that begins a new epoch. `figures` are what its worker shows of its tables.
    """

    name: str
    title: str
    description: str
    settings: type[ServiceSettings]
    listens_to: Sequence[str]
    subscription: Callable[[Context], Subscription]
    routers: Callable[[Context], Sequence[APIRouter]]
    day_from: Literal["ledger", "collections"] | None = None
    day_worked: type[Event] | None = None
    background: Callable[[Context], Sequence[Callable[[], Awaitable[None]]]] | None = None
    on_begin: Callable[[AsyncConnection], Awaitable[None]] | None = None
    on_new_epoch: Callable[[AsyncConnection], Awaitable[None]] | None = None
    problem_types: Sequence[ProblemType] = ()
    figures: Sequence[Figure] = ()


def make_context(
    service: Service,
    settings: ServiceSettings,
    role: Role,
    *,
    gates: Callable[[AsyncEngine], Gates] | None = None,
    agrees: Callable[[], bool | None] = lambda: True,
) -> Context:
    """Return the parts of one process; nothing is connected yet."""
    connections = API_CONNECTIONS if role == "api" else WORKER_CONNECTIONS
    engine = open_engine(settings.database_url, connections=connections, application=f"{service.name}-{role}")
    count_appended(engine, topic_of(settings, service.name))
    reading = single_statements(engine)
    wake = Wake(settings.database_url)
    return Context(
        name=service.name,
        settings=settings,
        engine=engine,
        reading=reading,
        outbox=Outbox(settings.partitions),
        clock=MachineClock(),
        wake=wake,
        begin=begin_with(engine, service.on_begin),
        single=_lane(service, settings, engine, wake),
        bulk=_lane(service, settings, engine, wake),
        gates=None if gates is None else gates(reading),
        health={"database": _reaches(reading)},
        agrees=agrees,
    )


def begin_with(engine: AsyncEngine, on_begin: Callable[[AsyncConnection], Awaitable[None]] | None) -> Begin:
    """Return how a transaction that changes something begins; it commits at the end of the block."""

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncConnection]:
        async with engine.begin() as connection:
            if on_begin is not None:
                await on_begin(connection)
            yield connection

    return begin


def topic_of(settings: ServiceSettings, publisher: str) -> str:
    """Return the topic on which `publisher` publishes in this installation."""
    return f"{settings.topic_prefix}{publisher}"


def _lane(service: Service, settings: ServiceSettings, engine: AsyncEngine, wake: Wake) -> Lane:
    async def lock(connection: AsyncConnection, customer_ids: Collection[Any]) -> Collection[Any]:
        return await lock_customers(connection, customer_ids, partitions=settings.partitions, skip_locked=True)

    return Lane(engine=engine, on_begin=service.on_begin, lock_customers=lock, after_commit=wake.outbox)


def _reaches(engine: AsyncEngine) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    return check
