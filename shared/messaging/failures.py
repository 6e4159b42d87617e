"""Tells an event that is bad by itself from trouble that will pass: only the first may ever be parked."""

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from shared.messaging.outbox import EventTooLarge
from shared.messaging.subscription import Refused


def is_bad_by_itself(error: BaseException) -> bool:
    """Return whether trying again can never help: a refusal, an event we may not write, or SQLSTATE class 22 or 23."""
    if isinstance(error, Refused | EventTooLarge | ValidationError):
        return True
    return isinstance(error, DBAPIError) and sqlstate(error)[:2] in {"22", "23"}


def sqlstate(error: DBAPIError) -> str:
    """Return the five characters by which PostgreSQL names the error, or nothing where it gave none."""
    return str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")


def cause_of(error: BaseException) -> str:
    """Return one line for a person that repeats no data of the event."""
    if isinstance(error, DBAPIError):
        return f"the database refused it: SQLSTATE {sqlstate(error)}"
    return f"{type(error).__name__}: {error}" if isinstance(error, Refused | EventTooLarge) else type(error).__name__
