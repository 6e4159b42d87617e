"""Prepares an installation in containers: `python -m deploy.docker.prepare databases | topics | keys`.

Each step reads its part of the environment, creates what is missing and may be run again at any time.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from deploy.local.api_keys import READS, admit
from deploy.local.databases import ensure_databases
from deploy.local.files import write_private
from deploy.local.topics import ensure_topics

_SHORTEST_SECRET = 24


def main() -> None:
    """Do the one step that the command line names."""
    step = _STEPS.get(sys.argv[1] if len(sys.argv) == 2 else "")  # noqa: PLR2004 - the program and its step
    if step is None:
        sys.exit(f"usage: python -m deploy.docker.prepare {' | '.join(_STEPS)}")
    asyncio.run(step(os.environ))


async def make_databases(environment: Mapping[str, str]) -> None:
    """Create each service's role and database, and the role that may only read."""
    await ensure_databases(
        server_url=environment["DUEFLOW_POSTGRES_URL"],
        password_of=lambda role: secret(environment, f"{role.upper()}_PASSWORD"),
    )


async def make_topics(environment: Mapping[str, str]) -> None:
    """Create each service's topic, or refuse a number of partitions that is not the one they have."""
    await ensure_topics(
        bootstrap=environment["DUEFLOW_KAFKA_BOOTSTRAP"], partitions=int(environment["DUEFLOW_PARTITIONS"])
    )


async def make_keys(environment: Mapping[str, str]) -> None:
    """Write what the services read of the three API keys and of the cursors' secret."""
    keys = Path(environment["DUEFLOW_API_KEYS_FILE"])
    admit(keys, "local", secret(environment, "DUEFLOW_API_KEY"))
    admit(keys, "colleague", secret(environment, "DUEFLOW_COLLEAGUE_API_KEY"))
    admit(keys, "checker", secret(environment, "DUEFLOW_CHECKER_API_KEY"), scopes=READS)
    cursor_secret = secret(environment, "DUEFLOW_CURSOR_SECRET")
    write_private(Path(environment["DUEFLOW_CURSOR_SECRET_FILE"]), cursor_secret)


def secret(environment: Mapping[str, str], name: str) -> str:
    """The secret of this name; one that is missing or could be guessed ends the step."""
    value = environment.get(name, "")
    if len(value) < _SHORTEST_SECRET:
        sys.exit(f"{name} needs {_SHORTEST_SECRET} characters or more: sh deploy/docker/secrets.sh makes them")
    return value


_STEPS: dict[str, Callable[[Mapping[str, str]], Coroutine[Any, Any, None]]] = {
    "databases": make_databases,
    "topics": make_topics,
    "keys": make_keys,
}

if __name__ == "__main__":
    main()
