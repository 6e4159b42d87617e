"""What tasks do when they are asked to end: know that it is they who are meant, and finish what must not be cut off."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def is_canceled() -> bool:
    """Return whether the running task itself is asked to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def to_its_end(work: Coroutine[Any, Any, T], *, seconds: float) -> T:
    """Return what comes of the work; it goes on for so long where the running task is asked to end (faults 2.47)."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=seconds)
        task.cancel()
        raise
