"""Runs the checker as a service, `python -m checker.main`: it reads what the services have and tells what broke."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import structlog
from dueflow_client.ledger import LedgerClient
from dueflow_client.transport import Transport
from fastapi import FastAPI

from checker.everything import Installation, check_databases, check_everything
from checker.findings import Finding
from checker.settings import CheckerSettings
from checker.watching import Scope, Watch
from shared.observe.logs import configure_logs
from shared.run import VERSION, running
from shared.web.app import create_app
from shared.web.cursor import Cursors
from shared.web.keys import KeyFile
from shared.web.serve import serve

_LEDGER_SECONDS = 30


def make_app(settings: CheckerSettings) -> FastAPI:
    """Return the pages of health and figures, beside which it watches."""
    ledger = httpx.AsyncClient(
        base_url=settings.ledger_url,
        headers={"Authorization": f"Bearer {settings.api_key}"},
        timeout=_LEDGER_SECONDS,
        trust_env=False,
    )
    watch = make_watch(settings, LedgerClient(Transport(ledger, patience_seconds=_LEDGER_SECONDS)))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with ledger, running([watch.run]):
            yield

    return create_app(
        title="Checker",
        version=VERSION,
        description="Whether what must always hold does hold, as figures.",
        routers=[],
        keys=KeyFile(settings.api_keys_file),
        cursors=Cursors(secrets.token_bytes(32)),
        readiness={"checks": watch.ready},
        lifespan=lifespan,
    )


def make_watch(settings: CheckerSettings, ledger: LedgerClient) -> Watch:
    """Return what looks at this installation, at the pace that the settings name."""
    installation = Installation(
        database_urls=settings.database_urls,
        bootstrap=settings.kafka_bootstrap,
        topic_prefix=settings.topic_prefix,
        ledger=ledger,
    )
    patience = settings.check_patience_seconds

    async def databases() -> Sequence[Finding]:
        return await check_databases(installation, patience_seconds=patience)

    async def everything() -> Sequence[Finding]:
        return (await check_everything(installation, patience_seconds=patience)).findings

    return Watch(
        {
            "databases": Scope(databases, settings.check_every_seconds),
            "everything": Scope(everything, settings.check_topics_every_seconds),
        }
    )


if __name__ == "__main__":
    said = CheckerSettings()
    configure_logs(said.log_level)
    structlog.contextvars.bind_contextvars(service="checker")
    serve(make_app(said), host=said.host, port=said.port)
