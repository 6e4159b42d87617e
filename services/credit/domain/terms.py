"""The longest net days that new orders may get: the shortest of grade, newcomer and light (C6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.credit.domain.light import Color
from services.credit.domain.profile import Grade

PREPAID_DAYS = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsPolicy:
    """Days by grade, the most a newcomer gets, and the share of the grade's days that yellow leaves."""

    grade_days: Mapping[Grade, int]
    newcomer_days: int
    yellow_pct: int


@dataclass(frozen=True, slots=True)
class Terms:
    """Net days and which rules make them so short; None while only the contract decides."""

    days: int | None
    reasons: tuple[str, ...]


def terms_of(*, grade: Grade | None, is_newcomer: bool, light: Color, policy: TermsPolicy) -> Terms:
    """Return the terms; a customer without a grade is halved from what a newcomer gets."""
    found = list(_candidates(grade=grade, is_newcomer=is_newcomer, light=light, policy=policy))
    days = min((each for _, each in found), default=None)
    return Terms(days, tuple(code for code, each in found if each == days))


def _candidates(
    *, grade: Grade | None, is_newcomer: bool, light: Color, policy: TermsPolicy
) -> Iterator[tuple[str, int]]:
    grade_days = policy.newcomer_days if grade is None else policy.grade_days[grade]
    if grade is not None:
        yield "grade", grade_days
    if is_newcomer:
        yield "newcomer", policy.newcomer_days
    if light == "yellow":
        yield "light_yellow", grade_days * policy.yellow_pct // 100
    if light == "red":
        yield "light_red", PREPAID_DAYS
