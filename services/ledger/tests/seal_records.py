"""Seals the audit of a database in a process of its own, so that a test can kill it: DATABASE_URL FOLDER."""

import asyncio
import sys
from pathlib import Path

from services.ledger.audit_keeping import AuditKeeper
from services.ledger.tests.import_house import make_ledger


async def main() -> None:
    """Seal in small portions until nothing waits."""
    context = make_ledger(sys.argv[1], Path(sys.argv[2]), role="worker")
    keeper = AuditKeeper(context)
    while await keeper.seal_some():
        pass
    await context.wake.close()
    await context.engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
