"""Turns the domain's refusals into the problems that callers see, with current balances as decimals (faults 3.9)."""

from services.ledger.domain.refusals import Conflict, FourEyes, Invalid, Refusal
from shared.money import format_amount
from shared.web.problem_types import CONFLICT, FORBIDDEN, INVALID
from shared.web.problems import Problem

NO_DAY = "No business day is open: POST /v1/business-days first."


def problem_of(refusal: Refusal, *, currency: str = "") -> Problem:
    """Return the problem that tells the caller why."""
    match refusal:
        case Invalid(pointer=pointer, detail=detail):
            return Problem(INVALID, errors=[{"pointer": pointer, "detail": detail}])
        case FourEyes(detail=detail):
            return Problem(FORBIDDEN, detail)
        case Conflict(balances=balances, detail=detail) if balances:
            amounts = {name: format_amount(minor, currency) for name, minor in balances.items()}
            return Problem(CONFLICT, detail, members={"balances": {"currency": currency, **amounts}})
        case _:
            return Problem(CONFLICT, refusal.detail)


def no_day() -> Problem:
    """The answer to every fact before the first business day."""
    return Problem(CONFLICT, NO_DAY)


def unknown_entity() -> Invalid:
    """The refusal of a document of an entity that nobody has recorded."""
    return Invalid("No such entity.", pointer="/entity")


def recorded_otherwise() -> Conflict:
    """The refusal of a document whose number was used for another content (faults 3.42)."""
    return Conflict("Recorded already with other content. What is recorded is corrected by a document of its own.")
