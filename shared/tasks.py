"""Tells a task that is asked to end from one whose wait was canceled by somebody else: only the first must end."""

import asyncio


def is_canceled() -> bool:
    """Return whether the running task itself is asked to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
