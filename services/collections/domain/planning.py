"""Which steps of a debt's playbook happen on a day, and which never will (K2, K3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.collections.domain.playbook import After, Step
from services.collections.domain.receivables import Receivable
from services.collections.domain.records import (
    DONE,
    REFUSED,
    SENT,
    SUPERSEDED,
    UNKNOWN,
    WITHDRAWN,
    TakenStep,
)
from shared.calendars import WorkCalendar

_ONE_DAY = timedelta(days=1)
_OVER = frozenset({SENT, UNKNOWN, DONE, REFUSED, SUPERSEDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One debt with what the plan depends on: its steps so far, its case's dates and the creditor's calendar."""

    receivable: Receivable
    steps: Sequence[Step]
    taken: Mapping[str, TakenStep]
    calendar: WorkCalendar
    classified_date: date | None = None
    answered_date: date | None = None

    def is_free(self, step: Step) -> bool:
        """Return whether the step has not happened in this episode, or was withdrawn."""
        taken = self.taken.get(step.code)
        return taken is None or taken.state == WITHDRAWN

    def due_date_of(self, step: Step) -> date | None:
        """Return the date on which the step is due, or None while what it presupposes has not happened and run."""
        own = step.own_date(self.receivable.due_date, self.classified_date, self.calendar)
        if own is not None and not step.is_before_due:
            own = max(own, self.receivable.due_date + _ONE_DAY)
        if step.after is None:
            return own
        ran = self._ran_out(step.after)
        if ran is None:
            return None
        day = max(own, ran) if own is not None else ran
        return self.calendar.next_working_day(day) if step.meets_customer else day

    def is_answered(self, step: Step) -> bool:
        """Return whether the customer answered the notice that the step would follow up."""
        if step.after is None or not step.after.unanswered or self.answered_date is None:
            return False
        since = self._ran_from(step.after)
        return since is not None and self.answered_date >= since

    def presupposed(self, step: Step) -> bool:
        """Return whether a step that may still come needs this one first."""
        return any(
            later.after is not None
            and later.after.step == step.code
            and (later.code not in self.taken or self.taken[later.code].state not in _OVER)
            for later in self.steps
        )

    def _ran_from(self, after: After) -> date | None:
        taken = self.taken.get(after.step)
        return taken.ran_from if taken is not None else None

    def _ran_out(self, after: After) -> date | None:
        """Return the first day after the period, which runs from the day after arrival."""
        since = self._ran_from(after)
        return None if since is None else self.calendar.add_working_days(since, after.working_days) + _ONE_DAY


@dataclass(slots=True)
class Plan:
    """What a day brings for one debt: steps that happen, and steps that never will, each with the reason."""

    happen: list[Step] = field(default_factory=list)
    superseded: list[tuple[Step, str]] = field(default_factory=list)


def plan(view: View, today: date) -> Plan:
    """Return the plan of a debt that does not rest on `today`."""
    found = Plan()
    due = [step for step, day in _free(view) if day <= today and not _passed(view, step, day, found, today)]
    for step in due:
        higher = [each for each in view.steps if each.ladder == step.ladder and each.rank > step.rank]
        overtaken = step.ladder is not None and any(each in due or not view.is_free(each) for each in higher)
        if overtaken and not view.presupposed(step):
            found.superseded.append((step, "overtaken"))
        elif view.is_answered(step):
            found.superseded.append((step, "answered"))
        elif not step.meets_customer or view.calendar.is_working_day(today):
            found.happen.append(step)
    return found


def next_date(view: View, *, after: date) -> date | None:
    """Return the first date after `after` on which a free step is due; what is due already is asked again tomorrow."""
    return min((max(day, after + _ONE_DAY) for _, day in _free(view)), default=None)


def _free(view: View) -> Iterable[tuple[Step, date]]:
    for step in view.steps:
        if view.is_free(step) and (day := view.due_date_of(step)) is not None:
            yield step, day


def _passed(view: View, step: Step, day: date, found: Plan, today: date) -> bool:
    """Note a step before the due date whose time is over: the debt was not known then, rested, or is due by now."""
    if not step.is_before_due or (view.receivable.known_date <= day and today <= view.receivable.due_date):
        return False
    found.superseded.append((step, "before_known" if view.receivable.known_date > day else "overtaken"))
    return True
