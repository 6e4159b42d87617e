"""Runs an API on a socket of its own, in the event loop of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from shared.web.serve import server
from shared.web.tests.service import url_of


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Yield the base URL of `app` while it answers."""
    process = server(app, host="127.0.0.1", port=0)
    running = asyncio.create_task(process._serve(None))  # noqa: SLF001 - serve() without its signal handlers
    while not process.started:
        await asyncio.sleep(0.01)
    try:
        yield url_of(process)
    finally:
        process.should_exit = True
        await running
