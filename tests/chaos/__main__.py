"""`make chaos SEED=n MINUTES=m`: breaks a house of its own at random and proves that nothing was lost or done twice."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.chaos.run import Outcome, run_chaos

_SECONDS = 60


def main() -> int:
    """Return 0 if everything that was promised was kept, else 1."""
    asked = _parser().parse_args()
    console = Console(highlight=False, soft_wrap=True)
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.chmod(0o711)  # PostgreSQL may run as another user than we
    outcome = asyncio.run(run_chaos(folder, seed=asked.seed, seconds=asked.minutes * _SECONDS, tell=console.print))
    _print(console, outcome, seed=asked.seed)
    if outcome.differences:
        console.print(f"logs and data are kept in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="draws the schedule and the work")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long things break; healing comes on top")
    return parser


def _print(console: Console, outcome: Outcome, *, seed: int) -> None:
    account = outcome.account
    console.rule(f"seed {seed}")
    for fault in outcome.schedule:
        console.print(str(fault))
    for name, counted in (
        ("acknowledged", account.acknowledged),
        ("repeated", account.repeated),
        ("refused", account.refused),
        ("events", outcome.events),
    ):
        console.print(
            f"{name}: {sum(counted.values())} ({', '.join(f'{n} {what}' for what, n in sorted(counted.items()))})"
        )
    console.print(f"effects: {outcome.effects} events applied; messages: {outcome.messages} mails caught")
    for difference in outcome.differences:
        console.print(f"DIFFERS: {difference}")
    console.print(f"{len(outcome.differences)} differences")


if __name__ == "__main__":
    sys.exit(main())
