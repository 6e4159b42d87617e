"""Invariants that one database decides by itself: one statement counts what is compared, one lists what is wrong."""

from dataclasses import dataclass

from checker.findings import SHOWN_DIFFERENCES, Check, Finding
from checker.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Check):
    """`compared` yields one number; `wrong` yields one text per violation: ids and figures, nothing personal."""

    compared: str
    wrong: str

    async def decide(self, snapshot: Snapshot) -> Finding:
        """Return what the rule finds in this database."""
        (compared,) = await snapshot.rows(self.compared)
        listed = await snapshot.rows(
            f"SELECT what, count(*) OVER () AS wrong FROM ({self.wrong}) AS w(what) LIMIT {SHOWN_DIFFERENCES}"
        )
        differences = [f"{snapshot.service}: {row.what}" for row in listed]
        return self.found(compared=compared[0], differences=differences, wrong=listed[0].wrong if listed else 0)
