"""Draws from a seed alone which faults hit whom, when and for how long: the same seed is the same schedule."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.faults.house import APIS, WORKERS

Kind = Literal["killed", "frozen", "crash armed", "silent", "slow", "reset", "cut"]

_PAUSE_SECONDS = (1.0, 5.0)
_SERVERS = ("kafka", "postgres")
_WIRES = ("wire to kafka", "wire to postgres", "wire to mail")
_PLACES = ("consumer.before_commit", "consumer.after_commit", "relay.after_assign", "relay.after_ack")
_OWN_PLACES: Mapping[str, Sequence[str]] = {
    "ledger-worker": ("ledger.day.turn", "ledger.day.before_commit", "audit.before_commit", "audit.after_commit"),
    "notifications-worker": ("sender.after_claim", "sender.after_250", "sender.before_settle"),
}
_LAST_PASSAGE = 5
_LAST_BYTE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to one victim; `place` is where an armed process will die (`name:n`), or an answer is cut off."""

    at_seconds: float
    kind: Kind
    victim: str
    lasting_seconds: float = 0.0
    place: str = ""

    @property
    def ends_seconds(self) -> float:
        """Return when the victim is given back."""
        return self.at_seconds + self.lasting_seconds

    def __str__(self) -> str:
        told = f"{self.at_seconds:6.1f} s  {self.victim} {self.kind}"
        if self.place:
            return f"{told} at {self.place}"
        return f"{told} for {self.lasting_seconds:.1f} s" if self.lasting_seconds else told


@dataclass(frozen=True, slots=True)
class _Hazard:
    """How often a kind of fault is drawn among the others, whom it may hit, and how long it lasts."""

    kind: Kind
    weight: int
    victims: Sequence[str]
    lasting_seconds: tuple[float, float]


_ALL_WORKERS = (*WORKERS, *(f"{worker}-2" for worker in WORKERS))
_HAZARDS = (
    _Hazard("killed", 8, (*APIS, *_ALL_WORKERS), (0.1, 6.0)),
    _Hazard("killed", 3, _SERVERS, (1.0, 8.0)),
    _Hazard("frozen", 4, _ALL_WORKERS, (2.0, 15.0)),
    _Hazard("crash armed", 6, _ALL_WORKERS, (0.0, 0.0)),
    _Hazard("silent", 3, _WIRES, (2.0, 14.0)),
    _Hazard("slow", 3, _WIRES, (3.0, 10.0)),
    _Hazard("reset", 3, _WIRES, (0.0, 0.0)),
    _Hazard("cut", 3, _WIRES, (0.0, 0.0)),
)


def draw_schedule(seed: int, *, seconds: float) -> tuple[Fault, ...]:
    """Return the faults of so many seconds in order of time; no victim has two at once, and all end in time."""
    draw = random.Random(f"schedule {seed}")  # noqa: S311 - it must be repeatable
    free_at: dict[str, float] = {}
    faults: list[Fault] = []
    at_seconds = 0.0
    while (at_seconds := at_seconds + draw.uniform(*_PAUSE_SECONDS)) < seconds:
        [hazard] = draw.choices(_HAZARDS, [each.weight for each in _HAZARDS])
        fault = _draw_fault(draw, hazard, at_seconds)
        if fault.ends_seconds <= seconds and free_at.get(fault.victim, 0.0) <= fault.at_seconds:
            free_at[fault.victim] = fault.ends_seconds
            faults.append(fault)
    return tuple(faults)


def _draw_fault(draw: random.Random, hazard: _Hazard, at_seconds: float) -> Fault:
    victim = draw.choice(hazard.victims)
    place = ""
    if hazard.kind == "crash armed":
        place = f"{draw.choice(_places(victim))}:{draw.randint(1, _LAST_PASSAGE)}"
    elif hazard.kind == "cut":
        place = f"byte {draw.randint(1, _LAST_BYTE)}"
    return Fault(
        at_seconds=round(at_seconds, 1),
        kind=hazard.kind,
        victim=victim,
        lasting_seconds=round(draw.uniform(*hazard.lasting_seconds), 1),
        place=place,
    )


def _places(worker: str) -> Sequence[str]:
    return (*_PLACES, *_OWN_PLACES.get(worker.removesuffix("-2"), ()))
