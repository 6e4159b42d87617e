"""The stage of a case, derived anew from the debts on a date and a policy, never from a stored timer (K2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.collections.domain.days import HORIZON_DAYS, Debt
from shared.money import minor_digits

NOTHING_COLLECTIBLE = "nothing_collectible"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRule:
    """A stage and its conditions, joined by "and"; sums are in minor units by currency, and any one suffices."""

    code: str
    owner_role: str
    days_from: int | None = None
    sum_from: Mapping[str, int] = field(default_factory=dict)
    invoices_from: int | None = None
    grades: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePolicy:
    """The stages from the lowest to the highest; an open case stands at least in the lowest."""

    version: str
    grace_days: int
    minimum_amount: Decimal
    minimum_amounts: Mapping[str, Decimal]
    stages: tuple[StageRule, ...]

    def minimum_minor(self, currency: str) -> int:
        """Return the amount below which a debt is not chased."""
        amount = self.minimum_amounts.get(currency, self.minimum_amount)
        return int(amount.scaleb(minor_digits(currency)))

    def index(self, code: str | None) -> int:
        """Return the place of the stage; the lowest for one that this policy does not know."""
        return next((place for place, rule in enumerate(self.stages) if rule.code == code), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where debts put a case on a date, by which rule, and since when."""

    stage: int
    rule: str
    anchor_instalment_id: UUID | None
    days: int


def stand(policy: StagePolicy, debts: Sequence[Debt], *, grade: str | None, as_of: date) -> Standing:
    """Return the highest stage all of whose conditions hold; without collectible debts the lowest."""
    overdue = [debt for debt in debts if debt.due_date < as_of]
    if not overdue:
        return Standing(stage=0, rule=NOTHING_COLLECTIBLE, anchor_instalment_id=None, days=0)
    anchor = _anchor(policy, overdue, as_of)
    days = anchor.stage_days(as_of, policy.grace_days)
    facts = _Facts(days=days, sums=_sums(overdue), invoices=len({debt.invoice_id for debt in overdue}), grade=grade)
    stage = max((place for place, rule in enumerate(policy.stages) if facts.satisfy(rule)), default=0)
    return Standing(stage=stage, rule=_name(policy.stages[stage]), anchor_instalment_id=anchor.instalment_id, days=days)


def since(policy: StagePolicy, debts: Sequence[Debt], *, grade: str | None, stage: int, as_of: date) -> date:
    """Return the first date from which, as now known, the debts put the case at `stage` or above.

    The conditions can only become true as time passes, so the first date on which they hold is the one.
    """
    for day in sorted(_turning_points(policy, debts, as_of)):
        if stand(policy, debts, grade=grade, as_of=day).stage >= stage:
            return day
    return as_of


def next_turning_point(policy: StagePolicy, debts: Iterable[Debt], *, after: date) -> date | None:
    """Return the next date on which a debt becomes overdue or enters a stage by its days."""
    limit = after + timedelta(days=HORIZON_DAYS)
    return min((day for day in _turning_points(policy, debts, limit) if day > after), default=None)


def _turning_points(policy: StagePolicy, debts: Iterable[Debt], limit: date) -> set[date]:
    thresholds = {rule.days_from for rule in policy.stages if rule.days_from is not None}
    points: set[date] = set()
    for debt in debts:
        reached = (debt.reaches(days, policy.grace_days, limit=limit) for days in thresholds)
        points.update(day for day in reached if day is not None)
        points.add(debt.due_date + timedelta(days=1))
    return {day for day in points if day <= limit}


def _anchor(policy: StagePolicy, overdue: Sequence[Debt], as_of: date) -> Debt:
    """Return the debt with the most days that count; the earlier due date, then the name, wins a tie."""
    return min(
        overdue,
        key=lambda debt: (-debt.stage_days(as_of, policy.grace_days), debt.due_date, debt.name),
    )


def _sums(overdue: Iterable[Debt]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for debt in overdue:
        sums[debt.currency] = sums.get(debt.currency, 0) + debt.collectible_minor
    return sums


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    days: int
    sums: Mapping[str, int]
    invoices: int
    grade: str | None

    def satisfy(self, rule: StageRule) -> bool:
        return (
            (rule.days_from is None or self.days >= rule.days_from)
            and (not rule.sum_from or any(self.sums.get(each, 0) >= minor for each, minor in rule.sum_from.items()))
            and (rule.invoices_from is None or self.invoices >= rule.invoices_from)
            and (not rule.grades or self.grade in rule.grades)
        )


def _name(rule: StageRule) -> str:
    """Return the conditions that decided, such as `days` or `days.sum`."""
    conditions = {
        "days": rule.days_from is not None,
        "sum": bool(rule.sum_from),
        "invoices": rule.invoices_from is not None,
        "grade": bool(rule.grades),
    }
    return ".".join(name for name, present in conditions.items() if present)
