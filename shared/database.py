"""Opens a service's connection pool with the time limits that keep a stuck statement from stopping the house."""

from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

API_CONNECTIONS = 6
WORKER_CONNECTIONS = 6
_SILENCE_SECONDS = 2
# The driver's own error is what it says now and then when a server is killed between two of its messages.
_USELESS = (TimeoutError, asyncpg.InternalClientError)


class ConnectionLost(ConnectionResetError):
    """A connection that cannot be used any more: what was last said over it may or may not have happened."""


def open_engine(url: str, *, connections: int, application: str, statement_seconds: int = 30) -> AsyncEngine:
    """Return an engine for `postgresql+asyncpg://...`; nothing is connected yet, so the database may still be away.

    Row locks are waited for 10 s at most, statements 30 s (or as given); the server ends a transaction idle for 60 s.
    A server that falls silent is given up 2 s after its own limit, and the connection with it.
    """
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        # Parameters hold what customers sent; an error must not quote them into a log.
        hide_parameters=True,
        connect_args={
            "timeout": 5,
            "connection_class": _Connection,
            "command_timeout": statement_seconds + _SILENCE_SECONDS,
            "server_settings": {
                "application_name": application,
                # Locks of a client that a broken line has taken away are free again in 25 s, not in two hours.
                "tcp_keepalives_idle": "10",
                "tcp_keepalives_interval": "5",
                "tcp_keepalives_count": "3",
                "statement_timeout": str(statement_seconds * 1000),
                "lock_timeout": "10000",
                "idle_in_transaction_session_timeout": "60000",
                # Short statements by the thousand: compiling them costs more than it saves.
                "jit": "off",
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _give_up)
    return engine


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """The driver's connection, which says in one way only that the server went away while it was being set up."""

    async def set_type_codec(self, typename: str, **how: Any) -> None:
        """Do as the driver does; SQLAlchemy, which calls this for each new connection, translates no error of it."""
        try:
            await super().set_type_codec(typename, **how)
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
            msg = "PostgreSQL went away during the log-in"
            raise ConnectionLost(msg) from error


def single_statements(engine: AsyncEngine) -> AsyncEngine:
    """Return the same pool for statements that stand alone: no BEGIN before them, no ROLLBACK after."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _refuse_closed(_connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Take no connection that the server has closed; asyncpg knows it, and a ping would cost three round trips."""
    driver_connection: Any = entry.driver_connection
    if driver_connection is None or driver_connection.is_closed():
        raise InvalidatePoolError


def _give_up(context: ExceptionContext) -> ConnectionLost | None:
    """End a connection that is of no use any more: a silent server's, or one over which the driver lost its way.

    Of both SQLAlchemy knows nothing, and the driver would wait for the silent server to confirm that it cancels.
    """
    error = context.original_exception
    if context.connection is None or not isinstance(error.__cause__ or error, _USELESS):
        return None
    driver_connection: Any = context.connection.connection.driver_connection
    driver_connection.terminate()
    context.is_disconnect = True
    return ConnectionLost(f"PostgreSQL: {type(error).__name__}")
