"""Folds what credit knows of a customer into the book: it chooses playbook and stages."""

from dataclasses import replace

from services.collections.domain.book import Book, Moment
from shared.contracts import credit
from shared.messaging.envelope import Envelope


def hear_profile(
    book: Book, _at: Moment, event: credit.CustomerRegistered | credit.CustomerProfileChanged, envelope: Envelope
) -> None:
    """Know the customer as credit does now; whoever is new has his grade from the beginning."""
    facts, known = event.facts, book.profile
    if isinstance(event, credit.CustomerRegistered):
        known = replace(known, grade=facts.grade)
    book.profile = replace(
        known.turn(on=envelope.business_date, grade=facts.grade, light=known.light),
        customer_number=facts.customer_number,
        kind=facts.kind,
        country=facts.country,
        industry=facts.industry,
        key_customer=facts.key_customer,
    )


def hear_grade(book: Book, _at: Moment, event: credit.GradeChanged, envelope: Envelope) -> None:
    """Know the new grade; it changes what comes, never what was."""
    book.profile = book.profile.turn(on=envelope.business_date, grade=event.grade, light=book.profile.light)


def hear_light(book: Book, _at: Moment, event: credit.AlertLevelChanged, envelope: Envelope) -> None:
    """Know the traffic light; it changes what comes, never what was."""
    book.profile = book.profile.turn(on=envelope.business_date, grade=book.profile.grade, light=event.light)
