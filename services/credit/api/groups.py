"""Sets and shows the limit that the members of a group share (C4, C5)."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.api import shown
from services.credit.api.asking import asked, block_lane
from services.credit.api.bodies import SetGroup
from services.credit.api.customers import change_shown
from services.credit.api.shown import ChangeShown, MoneyShown, PartShown
from services.credit.gateways.fact_documents import GroupCode
from services.credit.store.changes import list_changes
from services.credit.store.groups import load_groups
from services.credit.usecases.check_answer import money, shown_parts
from services.credit.usecases.set_group_limits import SetGroupLimit, set_group_limits
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.gather import Gatherer
from shared.web.idempotency import Keyed, StoredAnswer
from shared.web.keys import Reader
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.routing import JsonBody, router


class GroupLimitShown(BaseModel):
    """A group and its limit."""

    group: str
    limit: MoneyShown


class GroupShown(BaseModel):
    """A group with its limit, if it has one, and what its members owe together by currency."""

    group: str
    limit: MoneyShown | None
    parts: list[PartShown]


def groups_router(context: Context) -> APIRouter:
    """Return the routes of groups."""
    routes = router(prefix="/v1/groups/{group}", tags=["groups"])

    async def execute(connection: AsyncConnection, commands: Sequence[SetGroupLimit]) -> list[SetGroupLimit | Problem]:
        return list(await set_group_limits(connection, commands))

    limits = Gatherer(lane=block_lane(context), execute=execute, render=_set)

    @routes.put("", response_model=GroupLimitShown)
    async def set_limit(group: GroupCode, body: JsonBody[SetGroup], keyed: Keyed) -> Response:
        """Set what the members of the group may owe together; a group begins with its first limit or member."""
        command = SetGroupLimit(group=group, limit=body.limit.money(), request=asked(context, keyed), note=body.reason)
        return (await limits.submit(keyed.work(command))).response()

    @routes.get("", response_model=GroupShown)
    async def show(_caller: Reader, group: GroupCode) -> dict[str, Any]:
        """Show the group's limit and what counts against it."""
        async with context.reading.connect() as connection:
            found = (await load_groups(connection, [group])).get(group)
        if found is None:
            raise Problem(NOT_FOUND)
        return {"group": group, "limit": money(found.limit) if found.limit else None, "parts": shown_parts(found.parts)}

    @routes.get("/history")
    async def history(_caller: Reader, group: GroupCode, paging: Listing) -> Page[ChangeShown]:
        """List every change of the group's limit, newest first."""
        async with context.reading.connect() as connection:
            rows = await list_changes(connection, subject=f"group/{group}", after=paging.after, rows=paging.limit + 1)
        return Page(**paging.page(rows, position=lambda each: [each.ordinal], item=change_shown))

    return routes


def _set(command: SetGroupLimit) -> StoredAnswer:
    return shown.answer(200, {"group": command.group, "limit": money(command.limit)})
