"""Chance that the seed alone decides: each question has a stream of its own, whoever asks first."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chance:
    """The random choices of one simulated year."""

    seed: int

    def of(self, *question: object) -> random.Random:
        """Return the stream of one question, such as `of("order", "C-1001", day)`."""
        return random.Random("/".join(map(str, (self.seed, *question))))  # noqa: S311 - repeatable on purpose

    def happens(self, share: float, *question: object) -> bool:
        """Return whether something that happens with this probability happens here."""
        return self.of(*question).random() < share

    def one_of(self, weights: Mapping[T, float], *question: object) -> T:
        """Return one of the keys, by weight."""
        return self.of(*question).choices(list(weights), list(weights.values()))[0]
