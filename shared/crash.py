"""Dies at a named place when a fault test asks for it, and does nothing otherwise."""

import os
import signal

_ARMED = os.environ.get("DUEFLOW_TEST_CRASH_AT", "")
_NAME, _, _COUNT = _ARMED.partition(":")
_remaining = int(_COUNT or 1)


def crash_point(name: str) -> None:
    """Kill this process with SIGKILL the n-th time it passes here, if `DUEFLOW_TEST_CRASH_AT` is `name:n`."""
    global _remaining  # noqa: PLW0603 - one counter for one process is the whole purpose
    if name != _NAME:
        return
    _remaining -= 1
    if _remaining == 0:
        os.kill(os.getpid(), signal.SIGKILL)
