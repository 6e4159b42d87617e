"""Runs a service in one of its roles: `python -m services.<name>.main api | worker | migrate`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from socket import gethostname

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError

from shared.messaging.own_stream import OwnStream
from shared.messaging.own_stream_api import own_stream_router
from shared.messaging.parking import Parking
from shared.messaging.parking_api import parking_router
from shared.messaging.rereading import Rereading
from shared.messaging.rereading_api import rereading_router
from shared.messaging.worker import Worker
from shared.migrate import migrate
from shared.observe.logs import configure_logs
from shared.service import Context, Service, make_context, topic_of
from shared.settings import ServiceSettings
from shared.tasks import is_canceled
from shared.web.app import create_app
from shared.web.cursor import Cursors
from shared.web.keys import KeyFile
from shared.web.serve import serve

VERSION = "0.1.0"
RETRY_SECONDS = 2
MIGRATE_ATTEMPTS = 150

log = structlog.get_logger(__name__)


def run(service: Service) -> None:
    """Do what the command line asks for; the process lives until it is told to stop."""
    roles: dict[str, Callable[[Service], None]] = {"api": _api, "worker": _worker, "migrate": _migrate}
    role = roles.get(sys.argv[1] if len(sys.argv) == 2 else "")  # noqa: PLR2004 - the program and its role
    if role is None:
        sys.exit(f"usage: python -m services.{service.name}.main {' | '.join(roles)}")
    configure_logs(os.environ.get("DUEFLOW_LOG_LEVEL", "INFO"))
    structlog.contextvars.bind_contextvars(service=service.name, role=sys.argv[1])
    role(service)


def make_api(service: Service, context: Context) -> FastAPI:
    """Return the service's web application; it starts, and says that it is not ready, while the database is away."""
    settings: ServiceSettings = context.settings
    topics = {topic_of(settings, publisher) for publisher in service.listens_to}
    own_stream = OwnStream(
        context.begin,
        settings.kafka_bootstrap,
        topic_of(settings, service.name),
        context.wake.outbox,
        service.on_new_epoch,
    )
    parking = Parking(context.begin, service.subscription(context), context.partitions)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await context.wake.close()
        await context.engine.dispose()

    return create_app(
        title=service.title,
        version=VERSION,
        description=service.description,
        routers=[
            *service.routers(context),
            parking_router(parking),
            rereading_router(Rereading(context.begin, topics)),
            own_stream_router(own_stream),
        ],
        keys=KeyFile(settings.api_keys_file),
        cursors=Cursors(settings.cursor_secret()),
        readiness=context.health,
        problem_types=service.problem_types,
        rate_per_second=settings.rate_per_second,
        lifespan=lifespan,
    )


def _api(service: Service) -> None:
    settings = service.settings()
    context = make_context(service, settings, "api")
    serve(make_api(service, context), host=settings.host, port=settings.port)


def _worker(service: Service) -> None:
    settings = service.settings()
    worker = Worker(service, settings, instance=f"{service.name}-{gethostname()}-{settings.worker_port}")
    app = create_app(
        title=f"{service.title} worker",
        version=VERSION,
        description="Health and figures of the worker.",
        routers=[],
        keys=KeyFile(settings.api_keys_file),
        cursors=Cursors(settings.cursor_secret()),
        readiness=worker.health,
        lifespan=lambda _app: _working(worker),
    )
    serve(app, host=settings.host, port=settings.worker_port)


@asynccontextmanager
async def _working(worker: Worker) -> AsyncIterator[None]:
    try:
        async with running(worker.tasks()):
            yield
    finally:
        await worker.close()


@asynccontextmanager
async def running(tasks: Iterable[Callable[[], Awaitable[None]]]) -> AsyncIterator[None]:
    """Run endless tasks beside the health pages; one that ends takes the process with it, to be started afresh."""
    under_way = [asyncio.ensure_future(_endless(task)) for task in tasks]
    try:
        yield
    finally:
        for task in under_way:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*under_way, return_exceptions=True)


async def _endless(task: Callable[[], Awaitable[None]]) -> None:
    try:
        await task()
    except BaseException:
        if is_canceled():
            raise
        log.exception("worker.task_failed")
    log.error("worker.ends", reason="a task that should never end has ended")
    sys.stdout.flush()
    # Not sys.exit: inside a task it would only end the task. The supervisor starts a fresh process.
    os._exit(1)


def _migrate(service: Service) -> None:
    # It needs nothing but the database, so that a migration can run where no Kafka and no keys are.
    asyncio.run(_migrate_when_reachable(service, os.environ["DUEFLOW_DATABASE_URL"]))


async def _migrate_when_reachable(service: Service, url: str) -> None:
    for attempt in range(1, MIGRATE_ATTEMPTS + 1):
        try:
            await migrate(url, service.name)
        except (OSError, DBAPIError) as error:
            if attempt == MIGRATE_ATTEMPTS or not _is_away(error):
                raise
            log.warning("migrate.waiting_for_database", attempt=attempt)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


def _is_away(error: Exception) -> bool:
    return (
        isinstance(error, OSError) or bool(getattr(error, "connection_invalidated", False)) or "Connect" in repr(error)
    )
