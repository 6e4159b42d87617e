"""Runs an application on uvicorn with limits; slow headers are the business of the proxy in front (row 35)."""

import signal

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 20
MAX_CONNECTIONS = 1000
KEEP_ALIVE_SECONDS = 65
# Above our own limits for addresses and headers, which answer with a problem; beyond this uvicorn answers a bare 400.
MAX_HEAD_BYTES = 64 * 1024


def server(app: FastAPI, *, host: str, port: int) -> uvicorn.Server:
    """Return a server that stops within 20 s, refuses beyond 1,000 connections, and leaves logs and names to us."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http="h11",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        )
    )


def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight and return."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops gracefully and then raises the signal again for us; being asked to stop is no failure.
        signal.signal(stop, lambda *_: None)
    server(app, host=host, port=port).run()
