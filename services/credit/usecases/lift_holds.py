"""Lifts a hold by decision: adequate security came, or somebody who may decides so (C6)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.holds import Hold, NotOpen
from services.credit.domain.policy import Policy
from services.credit.store.exposures import load_parts
from services.credit.store.holds import load_holds
from services.credit.store.profiles import load_known
from services.credit.store.rates import load_dated_rates
from services.credit.usecases.request import Request
from services.credit.usecases.risk_desk import open_risks
from services.credit.usecases.risk_events import hold_lifted, outgoing
from services.credit.usecases.writing import Writing
from shared.messaging.outbox import Outbox
from shared.web.problem_types import CONFLICT, NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftHold:
    """Let deliveries go on, for this reason, approved by somebody other than who asks."""

    hold_id: UUID
    customer_id: UUID
    reason: Literal["secured", "decided"]
    approver: str
    note: str
    request: Request


async def lift_holds(
    connection: AsyncConnection, commands: Sequence[LiftHold], *, policy: Policy, outbox: Outbox
) -> list[Hold | Problem]:
    """Lift holds of locked customers, in order; one that was lifted already is a conflict."""
    known = await load_known(connection, {each.customer_id for each in commands})
    days = {each.customer_id: each.request.today(known[each.customer_id].today) for each in commands}
    holds = await load_holds(connection, {each.hold_id for each in commands})
    parts = await load_parts(connection, known)
    rates = await load_dated_rates(connection, days.values())
    desk = await open_risks(connection, known, policy=policy, rates=rates, writing=Writing())
    results: list[Hold | Problem] = []
    for command in commands:
        hold = desk.holds.get(command.hold_id) or holds.get(command.hold_id)
        if hold is None:
            results.append(Problem(NOT_FOUND))
            continue
        cause = command.request.cause(days[command.customer_id])
        if command.approver == cause.actor:
            results.append(Problem(CONFLICT, "Somebody other than who asks must approve."))
            continue
        try:
            lifted = hold.lift(
                command.reason, on=cause.business_date, by=cause.actor, approver=command.approver, note=command.note
            )
        except NotOpen:
            results.append(Problem(CONFLICT, "The hold was lifted already."))
            continue
        desk.hold(lifted)
        desk.writing.events.append(outgoing(hold_lifted(lifted), lifted, cause))
        risk = replace(desk.risks[command.customer_id], hold_id=None)
        desk.look(risk, parts=parts[command.customer_id], cause=cause)
        results.append(lifted)
    await desk.save(connection)
    await desk.writing.save(connection, outbox)
    return results
