"""Measures what sealing the audit costs: the same invoices without it, and while a worker seals behind them.

`python -m benchmarks.seal_audit [INVOICES]`. Both kinds take turns over one house, since a database slows as it fills.
The sealing is a process of its own, as a worker's is, and how long it goes on afterwards says whether it keeps up.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sqlalchemy import text

from benchmarks.issue_invoices import post_invoices
from benchmarks.ledger_house import LedgerHouse, ledger_house
from deploy.local import processes
from services.ledger.audit_keeping import AuditKeeper
from services.ledger.main import SERVICE
from services.ledger.settings import LedgerSettings
from shared.service import make_context

INVOICES = 2000
ROUNDS = 3
SEALER = "sealer"
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Figure:
    """Invoices a second without and with a sealer, and the most seconds until nothing waited for its seal any more."""

    without: float
    sealed: float
    caught_up_seconds: float


async def measure(invoices: int) -> Figure:
    """Return the medians of a few rounds."""
    without, sealed, caught_up = list[float](), list[float](), list[float]()
    async with ledger_house() as house:
        await post_invoices(house, invoices // 10, prefix="W")  # warm
        for number in range(ROUNDS):
            without.append((await post_invoices(house, invoices, prefix=f"A{number}")).per_second)
            with _sealer():
                await _all_sealed(house)  # what the first kind left is not its work
                sealed.append((await post_invoices(house, invoices, prefix=f"B{number}")).per_second)
                ended = time.perf_counter()
                await _all_sealed(house)
                caught_up.append(time.perf_counter() - ended)
    return Figure(median(without), median(sealed), max(caught_up))


@contextmanager
def _sealer() -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.seal_audit", SEALER]
    process = processes.spawn(command, log=Path("/dev/null"), death_signal=signal.SIGKILL)
    try:
        yield
    finally:
        processes.stop(process, gently=signal.SIGTERM, grace_seconds=_PATIENCE_SECONDS)


async def _all_sealed(house: LedgerHouse) -> None:
    waiting = text("SELECT EXISTS (SELECT FROM audit_record WHERE chain_number IS NULL)")
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            async with house.context.engine.connect() as connection:
                if not (await connection.execute(waiting)).scalar_one():
                    return
            await asyncio.sleep(0.1)


def _seal_for_ever() -> None:
    """Seal over the database that the environment names, until the process is ended."""
    asyncio.run(AuditKeeper(make_context(SERVICE, LedgerSettings(), "worker")).seal())


def _shown(figure: Figure) -> str:
    share = figure.sealed / figure.without
    return (
        f"single POSTs a second   without sealing {figure.without:,.0f}   sealed behind them {figure.sealed:,.0f}"
        f"   ({share:.0%})\nall sealed {figure.caught_up_seconds:.1f} s after the last answer; allowed 1.0\n"
    )


if __name__ == "__main__":
    if sys.argv[1:] == [SEALER]:
        _seal_for_ever()
    else:
        sys.stdout.write(_shown(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else INVOICES))))
