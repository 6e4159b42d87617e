"""Takes people's decisions on limits beside a plain one by hand: computed again, for a time, securities (C4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain import risk as domain
from services.credit.domain.limits import Temporary, compute
from services.credit.domain.policy import Policy
from services.credit.domain.profile import ChangeRefused, Profile
from services.credit.domain.rates import Rates
from services.credit.domain.risk import Risk
from services.credit.store.exposures import load_parts
from services.credit.store.profiles import load_known
from services.credit.store.rates import load_dated_rates
from services.credit.usecases.request import Request
from services.credit.usecases.risk_desk import RiskDesk, open_risks
from services.credit.usecases.writing import Writing
from shared.messaging.outbox import Outbox
from shared.money import Money
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True)
class ReleaseLimit:
    """Let the limit be the computed one again."""


@dataclass(frozen=True, slots=True)
class GrantTemporarily:
    """Let this limit count up to and including that day."""

    temporary: Temporary


@dataclass(frozen=True, slots=True)
class Secure:
    """Securities in hand are worth so much; zero once they are given back."""

    worth: Money


Decision = ReleaseLimit | GrantTemporarily | Secure


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideLimit:
    """A decision about one customer's limit, and why, in a person's words."""

    customer_id: UUID
    decision: Decision
    note: str
    request: Request


async def decide_limits(
    connection: AsyncConnection, commands: Sequence[DecideLimit], *, policy: Policy, outbox: Outbox
) -> list[Profile | Problem]:
    """Apply the decisions in order to locked customers; return for each how the customer stands now."""
    known = await load_known(connection, {each.customer_id for each in commands})
    days = {each.customer_id: each.request.today(known[each.customer_id].today) for each in commands}
    desk = await open_risks(
        connection, known, policy=policy, rates=await load_dated_rates(connection, days.values()), writing=Writing()
    )
    parts = await load_parts(connection, known)
    results: list[Profile | Problem] = []
    for command in commands:
        customer_id, today = command.customer_id, days[command.customer_id]
        profile = desk.profile(customer_id)
        if profile is None:
            results.append(Problem(NOT_FOUND))
            continue
        try:
            risk = _decide(command.decision, desk, profile, today)
        except ChangeRefused as refusal:
            results.append(Problem(CONFLICT, str(refusal)))
            continue
        desk.settle(risk, parts=parts[customer_id], cause=command.request.cause(today), note=command.note)
        results.append(desk.profile(customer_id) or profile)
    await desk.save(connection)
    await desk.writing.save(connection, outbox)
    return results


def _decide(decision: Decision, desk: RiskDesk, profile: Profile, today: date) -> Risk:
    risk = desk.risks[profile.customer_id]
    match decision:
        case ReleaseLimit():
            return _release(risk, profile, desk.policy, desk.rates[today])
        case GrantTemporarily(temporary):
            if temporary.until_date < today:
                raise ChangeRefused(f"Business date {today} is after the limit's last day.")
            if risk.standing_limit is None:
                raise ChangeRefused("Without a limit of his own the customer has none to return to: set one first.")
            return replace(risk, temporary=temporary)
        case Secure(worth):
            return replace(risk, secured=worth if worth.minor else None)


def _release(risk: Risk, profile: Profile, policy: Policy, rates: Rates) -> Risk:
    if risk.given is None:
        raise ChangeRefused("No limit was given by hand.")
    computed = compute(domain.means_of(profile, risk), policy=policy.limits, rates=rates)
    if computed.limit is None:
        raise ChangeRefused(f"No limit can be computed; missing: {', '.join(computed.missing)}.")
    return replace(risk, given=None)
