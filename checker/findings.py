"""What a check is and what it finds: how many things it compared, and which of them differ, by id and figure only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

SHOWN_DIFFERENCES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check; `invariant` is its number in section 6 of the fault list."""

    check: str
    invariant: str
    sentence: str
    compared: int
    wrong: int = 0
    differences: Sequence[str] = field(default_factory=tuple)

    @property
    def holds(self) -> bool:
        """Return whether nothing differed."""
        return self.wrong == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The name of an invariant, without the way to decide it."""

    name: str
    invariant: str
    sentence: str

    def found(self, *, compared: int, differences: Sequence[str], wrong: int | None = None) -> Finding:
        """Return the finding of this check; `wrong` where more differ than are listed."""
        return Finding(
            check=self.name,
            invariant=self.invariant,
            sentence=self.sentence,
            compared=compared,
            wrong=len(differences) if wrong is None else wrong,
            differences=tuple(differences[:SHOWN_DIFFERENCES]),
        )


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Return one finding per check, where several services were asked the same."""
    by_check: dict[str, Finding] = {}
    for each in findings:
        other = by_check.get(each.check)
        by_check[each.check] = _sum(other, each) if other else each
    return list(by_check.values())


def _sum(one: Finding, other: Finding) -> Finding:
    return replace(
        one,
        compared=one.compared + other.compared,
        wrong=one.wrong + other.wrong,
        differences=(*one.differences, *other.differences)[:SHOWN_DIFFERENCES],
    )
