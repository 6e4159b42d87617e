"""Sets the limits that the members of a group share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.store.changes import RecordedChange, record_changes
from services.credit.store.days import newest_day
from services.credit.store.groups import load_groups, lock_groups, save_limits
from services.credit.usecases.check_answer import money
from services.credit.usecases.request import Request
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGroupLimit:
    """All members of this group together may owe this much."""

    group: str
    limit: Money
    request: Request
    note: str | None = None


async def set_group_limits(connection: AsyncConnection, commands: Sequence[SetGroupLimit]) -> list[SetGroupLimit]:
    """Set the limits in order, groups that are not there yet included; no check of a member runs meanwhile."""
    codes = {each.group for each in commands}
    await lock_groups(connection, codes)
    limits = {code: each.limit for code, each in (await load_groups(connection, codes)).items()}
    today = await newest_day(connection)
    changes: list[RecordedChange] = []
    for command in commands:
        if limits[command.group] != command.limit:
            changes.append(_recorded(command, limits[command.group], command.request.today(today)))
            limits[command.group] = command.limit
    await save_limits(connection, {code: limit for code, limit in limits.items() if limit is not None})
    await record_changes(connection, changes)
    return list(commands)


def _recorded(command: SetGroupLimit, before: Money | None, today: date) -> RecordedChange:
    cause = command.request.cause(today)
    return RecordedChange(
        change_id=cause.id_of(f"change/group/{command.group}", "limit"),
        subject=f"group/{command.group}",
        customer_id=None,
        partition_no=None,
        field="limit",
        before=money(before) if before else None,
        after=money(command.limit),
        reason=command.note,
        source="rest",
        actor=cause.actor,
        correlation_id=cause.correlation_id,
        business_date=today,
        recorded_at=cause.recorded_at,
    )
