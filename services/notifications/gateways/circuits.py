"""Says which provider to try: one that failed again and again is left alone for a while."""

from collections.abc import Sequence
from dataclasses import dataclass

FAILURES = 5
PAUSE_SECONDS = 30.0


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    closed_at: float = 0.0


class Circuits:
    """One circuit for each provider, in this process; all times are monotonic."""

    def __init__(self) -> None:
        self._circuits: dict[str, _Circuit] = {}

    def note(self, provider: str, *, failed: bool, now: float) -> None:
        """Count a failure, or forget those before it; after five in a row the circuit is open for half a minute."""
        circuit = self._circuits.setdefault(provider, _Circuit())
        circuit.failures = circuit.failures + 1 if failed else 0
        if circuit.failures >= FAILURES:
            circuit.closed_at = now + PAUSE_SECONDS

    def choose(self, providers: Sequence[str], *, now: float) -> str:
        """Return the first of the providers, in order of preference, whose circuit is closed, else the first."""
        return next((each for each in providers if not self._is_open(each, now)), providers[0])

    def _is_open(self, provider: str, now: float) -> bool:
        return provider in self._circuits and now < self._circuits[provider].closed_at
