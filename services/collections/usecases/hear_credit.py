"""Folds what credit knows of a customer into the book: it chooses playbook and stages."""

from dataclasses import replace

from services.collections.domain.book import Book, Moment
from services.collections.domain.receivables import Profile
from shared.contracts import credit
from shared.messaging.envelope import Envelope


def hear_profile(
    book: Book, _at: Moment, event: credit.CustomerRegistered | credit.CustomerProfileChanged, _envelope: Envelope
) -> None:
    """Know the customer as credit does now."""
    facts = event.facts
    book.profile = Profile(
        customer_id=book.customer_id,
        customer_number=facts.customer_number,
        kind=facts.kind,
        country=facts.country,
        industry=facts.industry,
        grade=facts.grade,
        light=book.profile.light,
        key_customer=facts.key_customer,
    )


def hear_grade(book: Book, _at: Moment, event: credit.GradeChanged, _envelope: Envelope) -> None:
    """Know the new grade; it changes what comes, never what was."""
    book.profile = replace(book.profile, grade=event.grade)


def hear_light(book: Book, _at: Moment, event: credit.AlertLevelChanged, _envelope: Envelope) -> None:
    """Know the traffic light; it changes what comes, never what was."""
    book.profile = replace(book.profile, light=event.light)
