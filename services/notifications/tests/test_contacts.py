"""Whom a message goes to (N3)."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.notifications.domain.contact import ContactPoint, NoContact, choose_contact

CLERK = ContactPoint(
    contact_point_id=UUID(int=1),
    customer_id=UUID(int=9),
    customer_number="C-1",
    company_name="Mingyuan",
    name="Wang Fang",
    role="accounts_payable",
    language="zh",
    zone="Asia/Shanghai",
    email="ap@customer.test",
    phone=None,
    verified=False,
    address_for_service=False,
    opted_out=None,
    email_invalid_reason=None,
)
DIRECTOR = replace(CLERK, contact_point_id=UUID(int=2), role="management", verified=True, address_for_service=True)


def choose(
    *people: ContactPoint, channel: str = "email", purpose: str = "reminder", formal: bool = False
) -> UUID | str:
    """Return who was chosen, or why nobody."""
    found = choose_contact(people, channel=channel, purpose=purpose, formal=formal, languages=("zh", "en"))
    return found.reason if isinstance(found, NoContact) else found.contact_point_id


def test_a_friendly_message_goes_to_whoever_deals_with_invoices() -> None:
    """N3: the best by role, verified or not."""
    assert choose(DIRECTOR, CLERK) == CLERK.contact_point_id


def test_a_formal_message_goes_only_to_a_verified_address_for_service() -> None:
    """N3: formal demands go where they count as served, else nowhere."""
    assert choose(DIRECTOR, CLERK, formal=True) == DIRECTOR.contact_point_id
    assert choose(CLERK, formal=True) == "no_contact_for_service"
    assert choose(replace(CLERK, verified=True), formal=True) == "no_contact_for_service"
    assert choose(replace(CLERK, address_for_service=True), formal=True) == "no_contact_for_service"


@pytest.mark.parametrize("unreachable", [replace(CLERK, email=None), replace(CLERK, email_invalid_reason="smtp_550")])
def test_nobody_with_a_working_address_is_said(unreachable: ContactPoint) -> None:
    """N3: no contact point at all is never silence."""
    assert choose() == "no_contact_point"
    assert choose(unreachable) == "no_contact_point"


def test_who_opted_out_is_left_alone() -> None:
    """N6: an opt-out holds for its scope, formal messages included, and another person may still be written to."""
    quiet = replace(CLERK, opted_out="all")
    late_only = replace(CLERK, opted_out="before_due")

    assert choose(quiet) == "opted_out"
    assert choose(replace(DIRECTOR, opted_out="all"), formal=True) == "opted_out"
    assert choose(late_only, purpose="pre_due") == "opted_out"
    assert choose(late_only, purpose="reminder") == CLERK.contact_point_id
    assert choose(quiet, DIRECTOR) == DIRECTOR.contact_point_id


def test_a_language_without_approved_words_is_not_written_in() -> None:
    """N2: only approved templates speak."""
    english = replace(DIRECTOR, language="en")

    found = choose_contact([CLERK, english], channel="email", purpose="reminder", formal=False, languages=("en",))

    assert found == english
    assert choose_contact([CLERK], channel="email", purpose="visit", formal=False, languages=()) == NoContact(
        "no_approved_template"
    )
