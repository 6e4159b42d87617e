"""Loads playbooks and stages that hold from a day that has not come yet (K3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.gateways.policy_documents import PolicyError, read_playbook, read_segment, read_stages
from services.collections.store.days import latest_day
from services.collections.store.policies import PLAYBOOK, StoredPolicy, add_policies, read_policies
from shared.web.problem_types import CONFLICT, INVALID
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPolicy:
    """This document holds for that segment from that day on."""

    kind: str
    name: str
    effective_from: date
    segment: dict[str, Any]
    document: str
    loaded_by: str
    loaded_at: datetime


async def load_policies(connection: AsyncConnection, commands: Sequence[LoadPolicy]) -> list[StoredPolicy | Problem]:
    """Store the policies; what a day has already used is never changed."""
    today = await latest_day(connection)
    known = {(each.kind, each.name, each.effective_from) for each in await read_policies(connection)}
    results: list[StoredPolicy | Problem] = []
    for command in commands:
        key = (command.kind, command.name, command.effective_from)
        results.append(
            _check(command, today) if key not in known else Problem(CONFLICT, "This day has a policy of that name.")
        )
        known.add(key)
    await add_policies(connection, [each for each in results if isinstance(each, StoredPolicy)])
    return results


def _check(command: LoadPolicy, today: date | None) -> StoredPolicy | Problem:
    if today is not None and command.effective_from <= today:
        return Problem(CONFLICT, "A policy holds from a business day that is not open yet.")
    try:
        read = read_playbook if command.kind == PLAYBOOK else read_stages
        version = read(command.document).version
        read_segment(command.segment)
    except PolicyError as error:
        return Problem(INVALID, errors=[{**each, "pointer": f"/document{each['pointer']}"} for each in error.errors])
    return StoredPolicy(
        version=version,
        kind=command.kind,
        name=command.name,
        effective_from=command.effective_from,
        segment=command.segment,
        document=command.document,
        loaded_by=command.loaded_by,
        loaded_at=command.loaded_at,
    )
