"""Overrides grades: one person asks, with a reason and an end, another approves or refuses, any ends it (C3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.grading import Override
from services.credit.domain.policy import Policy
from services.credit.domain.profile import Grade
from services.credit.store.exposures import load_parts
from services.credit.store.gradings import KeptOverride, load_overrides, save_overrides
from services.credit.store.profiles import Known, load_known
from services.credit.store.rates import load_dated_rates
from services.credit.store.timers import set_timers
from services.credit.usecases.rate_customers import Ratings, open_ratings
from services.credit.usecases.request import Request
from services.credit.usecases.risk_desk import open_risks
from services.credit.usecases.writing import Writing
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.web.problem_types import CONFLICT, INVALID, NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOverride:
    """Let this grade hold until the end of that day, for this reason."""

    customer_id: UUID
    grade: Grade
    end_date: date
    reason: str
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideOverride:
    """Approve the override, or refuse it."""

    override_id: UUID
    customer_id: UUID
    state: Literal["approved", "refused"]
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOverride:
    """Let the customer's own grade count again from now, for this reason."""

    override_id: UUID
    customer_id: UUID
    reason: str
    request: Request


Settle = DecideOverride | EndOverride


async def ask_overrides(connection: AsyncConnection, commands: Sequence[AskOverride]) -> list[KeptOverride | Problem]:
    """Keep what is asked for locked customers; nothing follows until it is approved."""
    known = await load_known(connection, {each.customer_id for each in commands})
    results = [_ask(each, known[each.customer_id]) for each in commands]
    await save_overrides(connection, [each for each in results if isinstance(each, KeptOverride)])
    return results


async def settle_overrides(
    connection: AsyncConnection, commands: Sequence[Settle], *, policy: Policy, outbox: Outbox
) -> list[KeptOverride | Problem]:
    """Decide and end in order; an approved override takes the place of the customer's former one."""
    found = await load_overrides(connection, {each.override_id for each in commands})
    ids = {each.customer_id for each in commands}
    ratings = await open_ratings(connection, ids, policy=policy.grades, writing=Writing())
    replaced = {each.override.override_id for each in ratings.gradings.values() if each.override is not None}
    found |= await load_overrides(connection, replaced)
    days = {key: commands[0].request.today(each.today) for key, each in ratings.known.items()}
    rates = await load_dated_rates(connection, days.values())
    desk = await open_risks(connection, ratings.known, policy=policy, rates=rates, writing=ratings.writing)
    parts = await load_parts(connection, ids)
    results: list[KeptOverride | Problem] = []
    for command in commands:
        if isinstance(command, EndOverride):
            results.append(_end(command, found, ratings))
        else:
            results.append(_decide(command, found, ratings))
        cause = command.request.cause(days[command.customer_id])
        desk.settle(desk.risks[command.customer_id], parts=parts[command.customer_id], cause=cause)
    await save_overrides(connection, found.values())
    await ratings.writing.save(connection, outbox)
    await ratings.save(connection)
    await desk.save(connection)
    holding = {key: ratings.gradings[key].override for key in ids}
    ends = {key: each.end_date + timedelta(days=1) if each else None for key, each in holding.items()}
    await set_timers(connection, "override", ends)
    return results


def _ask(command: AskOverride, known: Known) -> KeptOverride | Problem:
    if known.profile is None:
        return Problem(NOT_FOUND)
    cause = command.request.cause(command.request.today(known.today))
    if command.end_date < cause.business_date:
        return Problem(INVALID, errors=[{"pointer": "/end_date", "detail": "The day has passed"}])
    return KeptOverride(
        override_id=cause.id_of("override"),
        customer_id=command.customer_id,
        partition_no=known.partition_no,
        grade=command.grade,
        end_date=command.end_date,
        reason=command.reason,
        state="asked",
        asked_by=cause.actor,
        asked_date=cause.business_date,
    )


def _decide(command: DecideOverride, found: dict[UUID, KeptOverride], ratings: Ratings) -> KeptOverride | Problem:
    asked = found[command.override_id]
    cause = command.request.cause(command.request.today(ratings.known[asked.customer_id].today))
    if asked.state != "asked":
        return Problem(CONFLICT, f"The override is {asked.state} already.")
    if asked.asked_by == cause.actor:
        return Problem(CONFLICT, "Another person than the one who asked must decide.")
    if command.state == "approved" and asked.end_date < cause.business_date:
        return Problem(CONFLICT, "The override would have ended already.")
    decided = replace(asked, state=command.state, decided_by=cause.actor, decided_date=cause.business_date)
    found[asked.override_id] = decided
    if command.state == "approved":
        _approve(decided, found, ratings, cause)
    return decided


def _approve(decided: KeptOverride, found: dict[UUID, KeptOverride], ratings: Ratings, cause: Cause) -> None:
    grading = ratings.gradings[decided.customer_id]
    if grading.override is not None:
        former = found[grading.override.override_id]
        found[former.override_id] = replace(former, state="ended", ended_date=cause.business_date)
    override = Override(override_id=decided.override_id, grade=decided.grade, end_date=decided.end_date)
    ratings.regrade(decided.customer_id, replace(grading, override=override), cause=cause, reason="overridden")


def _end(command: EndOverride, found: dict[UUID, KeptOverride], ratings: Ratings) -> KeptOverride | Problem:
    held = found[command.override_id]
    if held.state != "approved":
        return Problem(CONFLICT, f"Only an override that holds can be ended; this one is {held.state}.")
    cause = command.request.cause(command.request.today(ratings.known[held.customer_id].today))
    ended = replace(
        held, state="ended", ended_date=cause.business_date, ended_by=cause.actor, end_reason=command.reason
    )
    found[held.override_id] = ended
    own = replace(ratings.gradings[held.customer_id], override=None)
    ratings.regrade(held.customer_id, own, cause=cause, reason="override_ended", note=command.reason)
    return ended
