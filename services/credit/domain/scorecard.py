"""A scorecard: characteristics whose bins give points, and the score that a customer has by it on a day (C2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.credit.domain.habits import Habit
from services.credit.domain.inputs import Subject, Value, read_input
from services.credit.domain.profile import Grade, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The points of a range [start, end), open where an end is None, or of some values; `reason` is a code."""

    points: int
    reason: str
    start: Decimal | None = None
    end: Decimal | None = None
    values: frozenset[str] = frozenset()

    def holds(self, value: Value) -> bool:
        """Return whether the value falls in this bin."""
        if isinstance(value, str):
            return value in self.values
        return (self.start is None or self.start <= value) and (self.end is None or value < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristic:
    """One input with its bins, of which every value falls in exactly one; `missing` are the points without it."""

    code: str
    input: str
    missing: int
    bins: tuple[Bin, ...]

    @property
    def most(self) -> int:
        """The most points that it can give."""
        return max(each.points for each in self.bins)

    def bin_of(self, value: Value) -> Bin:
        """Return the bin in which the value falls."""
        return next(each for each in self.bins if each.holds(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Whom it serves, what it asks, and from how many points on it gives which grade; below all of them it is D.

    With less than `minimum_known_pct` of the most points there is too little known for a grade. An empty set of kinds
    or size classes asks nothing. `rates` are rough: 1 unit of a currency in the currency of the bins.
    """

    name: str
    version: int
    window_days: int
    minimum_known_pct: int
    cutoffs: Mapping[Grade, int]
    characteristics: tuple[Characteristic, ...]
    rates: Mapping[str, Decimal]
    kinds: frozenset[str] = frozenset()
    size_classes: frozenset[str] = frozenset()

    def serves(self, profile: Profile) -> bool:
        """Return whether this customer is scored by it."""
        asked = ((self.kinds, profile.kind), (self.size_classes, profile.size_class))
        return all(not wanted or found in wanted for wanted, found in asked)

    def specificity(self) -> int:
        """Return how many conditions it has: the more specific scorecard goes first."""
        return bool(self.kinds) + bool(self.size_classes)

    def grade_of(self, points: int) -> Grade:
        """Return what the points alone would give."""
        return next((grade for grade in _BEST_FIRST if points >= self.cutoffs[grade]), "D")

    @property
    def most(self) -> int:
        """The most points that it can give."""
        return sum(each.most for each in self.characteristics)


_BEST_FIRST: tuple[Grade, ...] = ("A", "B", "C")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one characteristic gave: its value (None: not known), its points of the most, and the bin's reason."""

    characteristic: Characteristic
    value: Value | None
    points: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A customer's score on a day, with the points of each characteristic."""

    scorecard: Scorecard
    as_of: date
    parts: tuple[Part, ...]

    @property
    def points(self) -> int:
        """The sum of all points."""
        return sum(each.points for each in self.parts)

    @property
    def grade(self) -> Grade:
        """What the points alone would give."""
        return self.scorecard.grade_of(self.points)

    @property
    def missing(self) -> list[str]:
        """The characteristics of which nothing is known."""
        return [each.characteristic.code for each in self.parts if each.value is None]

    @property
    def reasons(self) -> list[str]:
        """Why it is not the most: the bins that gave less, the costliest first."""
        lost = [each for each in self.parts if each.reason is not None and each.points < each.characteristic.most]
        lost.sort(key=lambda each: each.points - each.characteristic.most)
        return [each.reason for each in lost if each.reason is not None]

    @property
    def known_pct(self) -> int:
        """How many per cent of the most points belong to what is known, rounded down."""
        known = sum(each.characteristic.most for each in self.parts if each.value is not None)
        return 100 * known // self.scorecard.most

    @property
    def is_enough(self) -> bool:
        """Whether enough is known for a grade."""
        return self.known_pct >= self.scorecard.minimum_known_pct


def score(scorecard: Scorecard, *, profile: Profile, habit: Habit, as_of: date) -> Score:
    """Return the score of a customer who was known like this on this day."""
    subject = subject_of(scorecard, profile=profile, habit=habit, as_of=as_of)
    parts = tuple(_part(each, read_input(each.input, subject)) for each in scorecard.characteristics)
    return Score(scorecard=scorecard, as_of=as_of, parts=parts)


def subject_of(scorecard: Scorecard, *, profile: Profile, habit: Habit, as_of: date) -> Subject:
    """Return the customer as this scorecard looks at him."""
    return Subject(profile=profile, habit=habit, as_of=as_of, window_days=scorecard.window_days, rates=scorecard.rates)


def _part(characteristic: Characteristic, value: Value | None) -> Part:
    if value is None:
        return Part(characteristic=characteristic, value=None, points=characteristic.missing, reason=None)
    found = characteristic.bin_of(value)
    return Part(characteristic=characteristic, value=value, points=found.points, reason=found.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """A scorecard and the business date from which it holds."""

    effective_from: date
    scorecard: Scorecard


def scorecard_for(known: Sequence[Effective], profile: Profile, *, as_of: date) -> Scorecard | None:
    """Return the scorecard for this customer on this day: of each name the newest, of those the most specific."""
    newest: dict[str, Effective] = {}
    for each in sorted(known, key=lambda each: (each.effective_from, each.scorecard.version)):
        if each.effective_from <= as_of:
            newest[each.scorecard.name] = each
    serving = [each for each in newest.values() if each.scorecard.serves(profile)]
    best = max(
        serving, key=lambda each: (each.scorecard.specificity(), each.effective_from, each.scorecard.name), default=None
    )
    return best.scorecard if best else None
