"""How each kind of debtor behaves: when he pays, how much at first, what he promises, contests or leaves unpaid."""

from dataclasses import dataclass
from datetime import date, timedelta

from demo.chance import Chance
from demo.population import Habit

_WEEKEND = (5, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """The habits in figures; shares are probabilities, days are calendar days past due."""

    earliest_days: int
    latest_days: int
    never_share: float
    in_parts_share: float
    bounce_share: float
    dispute_share: float
    promise_share: float
    keeps_share: float


BEHAVIOR: dict[Habit, Behavior] = {
    "prompt": Behavior(
        earliest_days=-9,
        latest_days=2,
        never_share=0,
        in_parts_share=0,
        bounce_share=0.002,
        dispute_share=0.008,
        promise_share=0.9,
        keeps_share=0.98,
    ),
    "late": Behavior(
        earliest_days=1,
        latest_days=29,
        never_share=0,
        in_parts_share=0.05,
        bounce_share=0.01,
        dispute_share=0.03,
        promise_share=0.65,
        keeps_share=0.8,
    ),
    "troubled": Behavior(
        earliest_days=12,
        latest_days=85,
        never_share=0.08,
        in_parts_share=0.5,
        bounce_share=0.05,
        dispute_share=0.03,
        promise_share=0.7,
        keeps_share=0.45,
    ),
    "unwilling": Behavior(
        earliest_days=35,
        latest_days=130,
        never_share=0.35,
        in_parts_share=0.15,
        bounce_share=0.03,
        dispute_share=0.08,
        promise_share=0.25,
        keeps_share=0.2,
    ),
}


def first_pay_date(chance: Chance, habit: Habit, *, due_date: date, debt: object) -> date | None:
    """Return the day on which a debtor of this habit means to pay this debt; None when he does not mean to."""
    behavior = BEHAVIOR[habit]
    if chance.happens(behavior.never_share, "never", debt):
        return None
    middle = (behavior.earliest_days + behavior.latest_days) / 2
    days = round(chance.of("delay", debt).triangular(behavior.earliest_days, behavior.latest_days, middle))
    return on_weekday(due_date + timedelta(days=days))


def on_weekday(day: date) -> date:
    """Return `day`, or the Monday after it: banks book on weekdays."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() in _WEEKEND else day
