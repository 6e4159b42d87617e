"""Checks again and again on the running system: the databases every minute, all topics now and then."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from checker import metrics
from checker.findings import Finding

log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 60

Round = Callable[[], Awaitable[Sequence[Finding]]]


class NotAble(RuntimeError):
    """The last round could not run: nothing is known of now."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One kind of round, and how often it is due."""

    look: Round
    every_seconds: float


class Watch:
    """Runs each scope when it is due, one after the other, and shows what it finds.

    A round that cannot run is no difference: what was found before stays shown beside the word that it is old, and the
    round is tried again within a minute.
    """

    def __init__(self, scopes: Mapping[str, Scope]) -> None:
        self._scopes = scopes
        self._due = dict.fromkeys(scopes, 0.0)
        self._known: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
        self._able: dict[str, bool] = {}

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            for name in self._scopes:
                if time.monotonic() >= self._due[name]:
                    await self.look(name)
            await asyncio.sleep(self.due_in_seconds())

    def due_in_seconds(self) -> float:
        """Return how long nothing is to be done."""
        return max(0.0, min(self._due.values()) - time.monotonic())

    async def look(self, name: str) -> None:
        """Do one round."""
        scope, began = self._scopes[name], time.monotonic()
        self._due[name] = began + scope.every_seconds
        try:
            findings = await scope.look()
        except Exception:  # whatever it is, it tells nothing about what was to be checked
            self._able[name] = False
            self._due[name] = began + min(scope.every_seconds, _AGAIN_SECONDS)
            log.exception("check.not_able", scope=name)
        else:
            self._able[name] = True
            for finding in findings:
                self._show(finding)
            metrics.ended.labels(name).set_to_current_time()
            metrics.seconds.labels(name).set(time.monotonic() - began)
        metrics.able.labels(name).set(self._able[name])

    async def ready(self) -> None:
        """Raise NotAble before the first round, and where the last one of a scope could not run."""
        if not self._able or not all(self._able.values()):
            raise NotAble(", ".join(name for name in self._scopes if not self._able.get(name)))

    def _show(self, finding: Finding) -> None:
        metrics.differences.labels(finding.check).set(finding.wrong)
        metrics.compared.labels(finding.check).set(finding.compared)
        known, found = self._known[finding.check], frozenset(finding.differences)
        self._known[finding.check] = found
        for each in sorted(found - known):
            log.error("check.differs", check=finding.check, invariant=finding.invariant, difference=each)
        if known and not found:
            log.info("check.holds_again", check=finding.check, invariant=finding.invariant)
