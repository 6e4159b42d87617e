"""Sees each open debt as its playbook does: with the steps that hold for the customer and those already taken (K3)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from services.collections.domain.book import Book
from services.collections.domain.planning import View
from services.collections.domain.playbook import Playbook
from services.collections.domain.records import TakenStep


def playbook_of(book: Book, entity: str, as_of: date) -> Playbook:
    """Return the playbook that holds for the customer's debts to `entity`."""
    case = book.open_case(entity)
    return book.policies.playbook_for(
        book.profile.on(as_of),
        debtor_class=case.debtor_class if case is not None else None,
        overdue_minor=book.overdue_minor(entity, as_of),
        as_of=as_of,
    )


def views(book: Book, entity: str, as_of: date) -> Iterator[View]:
    """Return every open debt to `entity` as the plan sees it, oldest first."""
    case = book.open_case(entity)
    debtor_class = case.debtor_class if case is not None else None
    steps = playbook_of(book, entity, as_of).steps_for(
        book.profile.on(as_of), debtor_class=debtor_class, overdue_minor=book.overdue_minor(entity, as_of)
    )
    taken: defaultdict[tuple[UUID, int], dict[str, TakenStep]] = defaultdict(dict)
    for each in book.steps.values():
        taken[each.instalment_id, each.episode][each.step] = each
    for receivable in book.of_entity(entity):
        if receivable.open_minor > 0:
            yield View(
                receivable=receivable,
                steps=steps,
                taken=taken[receivable.instalment_id, receivable.episode],
                calendar=book.calendar(entity),
                classified_date=case.classified_date if case is not None else None,
                answered_date=case.answered_date if case is not None else None,
            )
