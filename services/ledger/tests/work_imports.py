"""Works all imports of a database in a process of its own, so that a test can kill it: DATABASE_URL FOLDER."""

import asyncio
import sys
from pathlib import Path

from services.ledger.api.import_kinds import import_kinds
from services.ledger.api.import_work import work_next
from services.ledger.tests.import_house import make_ledger


async def main() -> None:
    """Work until nothing waits."""
    context = make_ledger(sys.argv[1], Path(sys.argv[2]), role="worker")
    while await work_next(context, import_kinds(context)):
        pass
    await context.wake.close()
    await context.engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
