"""Asks until there is an answer: a command is repeated as long as nobody can say what became of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from dueflow_client import Problem

from tests.chaos.account import Account

_AGAIN = (429, 503)
_OURS = 500
_PAUSE_SECONDS = 0.3


async def insist(what: str, command: Callable[[], Awaitable[Any]], *, account: Account) -> Any | None:
    """Return the answer of an acknowledged command, None if it was refused or failed; all of it is counted.

    `command` sends the same request under the same key each time; the client that it uses must not repeat by itself.
    """
    while True:
        try:
            answer = await command()
        except httpx.TransportError:
            account.repeated[what] += 1
        except Problem as problem:
            if problem.status not in _AGAIN:
                told = account.refused if problem.status < _OURS else account.failed
                told[f"{what}: {problem.status} {problem.title}"] += 1
                return None
            account.repeated[what] += 1
        else:
            account.acknowledged[what] += 1
            return answer
        await asyncio.sleep(_PAUSE_SECONDS)
