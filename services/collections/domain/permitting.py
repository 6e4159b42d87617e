"""Which debts a step that waited for a person may still reach when he approves it (K2, K5)."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from services.collections.domain.book import Book
from services.collections.domain.planning import View
from services.collections.domain.playbook import Step
from services.collections.domain.records import TakenStep
from services.collections.domain.resting import rest
from services.collections.domain.views import views


def still_permitted(
    book: Book, entity: str, code: str, waiting: Iterable[TakenStep], *, today: date
) -> dict[UUID, Step]:
    """Return by instalment the step that `waiting` asks for, where all that it presupposes still holds.

    Days have passed since the plan: a debt may rest, be answered, or be in another episode, whose notices are to come.
    """
    wanted = {(each.instalment_id, each.episode) for each in waiting}
    found: dict[UUID, Step] = {}
    for view in views(book, entity, today):
        debt = view.receivable
        step = next((each for each in view.steps if each.code == code), None)
        is_wanted = (debt.instalment_id, debt.episode) in wanted and rest(book, debt, today) is None
        if is_wanted and step is not None and _is_due(view, step, today):
            found[debt.instalment_id] = step
    return found


def _is_due(view: View, step: Step, today: date) -> bool:
    due_date = view.due_date_of(step)
    return due_date is not None and due_date <= today and not view.is_answered(step)
