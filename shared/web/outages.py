"""Tells apart what the database refused, what to try again, and what means that it is away."""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.database import ConnectionLost

RETRIED = frozenset({"40001", "40P01"})
# Connection, log-in, no such database yet, resources, a lock waited for too long, shutdown and time limits, system.
AWAY = ("08", "28", "3D", "53", "55P03", "57", "58")
REFUSED = ("22", "23")


def sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE of a database error, or an empty string where the server said nothing."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(original, "sqlstate", None) or "")


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may well succeed if it is run again at once."""
    return sqlstate(error) in RETRIED


def is_refusal(error: BaseException) -> bool:
    """Whether the database refused the data itself (SQLSTATE classes 22 and 23)."""
    return sqlstate(error).startswith(REFUSED)


def is_lost(error: BaseException) -> bool:
    """Whether the connection went away or fell silent, so that what was last said may or may not have happened."""
    return isinstance(error, ConnectionLost) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def is_away(error: BaseException) -> bool:
    """Whether the database cannot be reached or cannot serve for now."""
    if isinstance(error, PoolTimeout | OSError) or is_lost(error):
        return True
    return sqlstate(error).startswith(AWAY)
