"""An invoice without terms of its own gets the shorter of its contract's and credit's, and says whose they are (L1)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.contract import Contract
from services.ledger.domain.invoice import AcceptedInvoice, Due, InvoiceFacts, Line, accept
from services.ledger.domain.refusals import Invalid
from services.ledger.domain.terms import CreditTerms, EndOfMonth, FixedDay, NetDays, Terms, due_date
from services.ledger.tests.rest import House, invoice_body
from services.ledger.tests.test_consumers import apply, received
from shared.contracts import credit
from shared.ids import customer_id_of

ISSUED = date(2026, 1, 1)
CUSTOMER = customer_id_of("C-1")
ANY_TERMS = st.one_of(
    st.builds(NetDays, st.integers(0, 120)),
    st.builds(EndOfMonth, st.integers(0, 90)),
    st.builds(FixedDay, st.integers(1, 31), st.integers(1, 4)),
)
CREDIT = st.none() | st.builds(CreditTerms, st.integers(0, 120), st.sampled_from(["credit", "order"]))


def contract(terms: Terms) -> Contract:
    """A contract of these terms."""
    return Contract(
        contract_id=UUID(int=1),
        entity="acme",
        reference="K-1",
        customer_id=CUSTOMER,
        customer_number="C-1",
        currency="CNY",
        terms=terms,
        penalty_pct_per_day=Decimal(0),
        security_rank=0,
        allocation="principal_first",
    )


def accepted(of_contract: Terms | None, credit_terms: CreditTerms | None, **own: Any) -> AcceptedInvoice:
    """What an invoice of ISSUED comes to."""
    facts = InvoiceFacts(
        entity="acme",
        number="I-1",
        customer_number="C-1",
        contract_reference="K-1" if of_contract else None,
        issue_date=ISSUED,
        currency="CNY",
        lines=(Line(description="Bolts", minor=100),),
        tax_minor=0,
        total_minor=100,
        **own,
    )
    return accept(
        facts,
        contract=contract(of_contract) if of_contract else None,
        credit_terms=credit_terms,
        customer_id=CUSTOMER,
        open_day=ISSUED,
    )


@given(of_contract=ANY_TERMS, allowed=CREDIT)
def test_the_shorter_terms_hold_and_are_named(of_contract: Terms, allowed: CreditTerms | None) -> None:
    """L1, C3: never later than the contract says, never later than credit allows, and the day of one of them."""
    found = accepted(of_contract, allowed)
    [due] = found.instalments
    by_contract = due_date(of_contract, issue_date=ISSUED)
    by_credit = allowed.due_date(issue_date=ISSUED) if allowed else date.max
    assert due.due_date == min(by_contract, by_credit)
    assert found.terms_source == ("contract" if allowed is None or by_contract <= by_credit else allowed.source)
    assert found.beyond_credit == {}


@given(of_contract=st.none() | ANY_TERMS, allowed=CREDIT, own=ANY_TERMS, days=st.integers(0, 200))
def test_terms_of_its_own_are_a_fact(
    of_contract: Terms | None, allowed: CreditTerms | None, own: Terms, days: int
) -> None:
    """L2, L17: taken as they are, and an exception where they are longer than credit allows."""
    instalments = tuple(Due(due_date=ISSUED + timedelta(days=each), minor=50) for each in (0, days))
    for stated, last in (({"terms": own}, due_date(own, issue_date=ISSUED)), ({"instalments": instalments}, None)):
        found = accepted(of_contract, allowed, **stated)
        latest = last or ISSUED + timedelta(days=days)
        assert (found.terms_source, max(each.due_date for each in found.instalments)) == ("invoice", latest)
        assert bool(found.beyond_credit) == (allowed is not None and latest > allowed.due_date(issue_date=ISSUED))


def test_without_any_terms_there_is_no_due_date() -> None:
    """L1: and credit alone is enough to have one."""
    assert accepted(None, CreditTerms(15, "credit")).instalments[0].due_date == date(2026, 1, 16)
    with pytest.raises(Invalid):
        accepted(None, None)


def allows(days: int | None, number: int) -> Any:
    """The event by which credit allows so many days from now."""
    return received(credit.CreditTermsChanged(terms_days=days, reasons=["grade"]), number)


def promises(order: str, days: int | None, number: int) -> Any:
    """The event by which credit promises so many days to an order."""
    event = credit.CreditReserved(
        reservation_id=UUID(int=number),
        order_number=order,
        currency="CNY",
        amount_minor=100,
        expires_date=date(2026, 3, 1),
        terms_days=days,
    )
    return received(event, number)


async def issue(house: House, number: str, **other: Any) -> tuple[str, str]:
    """Issue an invoice under the contract of 60 days, and return its due date and whose terms these are."""
    body = invoice_body(number, "1.00", "", instalments=None, contract_reference="K-1", **other)
    issued = await house.done("/invoices", body)
    return issued["instalments"][0]["due_date"], issued["terms_source"]


async def test_invoices_follow_what_credit_said_last_and_stay_as_they_are(house: House) -> None:
    """L1, C3, C6: a promise to an order holds instead of what is allowed now; what is issued never changes."""
    terms = {"kind": "net", "days": 60}
    await house.done(
        "/contracts",
        {"entity": "acme", "reference": "K-1", "customer_number": "C-1", "currency": "CNY", "terms": terms},
    )
    assert await issue(house, "I-1") == ("2026-03-02", "contract")
    await apply(house, [promises("O-1", 30, 1), promises("O-2", None, 2), allows(45, 3), allows(15, 4)])
    assert await issue(house, "I-2") == ("2026-01-16", "credit")
    assert await issue(house, "I-3", order_number="O-1") == ("2026-01-31", "order")
    assert await issue(house, "I-4", order_number="O-2") == ("2026-03-02", "contract")
    assert await issue(house, "I-5", order_number="O-9") == ("2026-01-16", "credit")
    other = invoice_body("I-6", "1.00", "", instalments=None, terms=terms, customer_number="C-2")
    assert (await house.done("/invoices", other))["terms_source"] == "invoice"
    await apply(house, [promises("O-1", 90, 5), allows(None, 6)])
    assert await issue(house, "I-7", order_number="O-1") == ("2026-03-02", "contract")
    assert await issue(house, "I-8") == ("2026-03-02", "contract")
    assert await issue(house, "I-2") == ("2026-01-16", "credit"), "the same invoice again is answered as it stands"
    [invoice] = (await house.get("/invoices", number="I-3"))["items"]
    history = await house.get(f"/invoices/{invoice['invoice_id']}/history")
    assert (invoice["terms_source"], history["terms_source"]) == ("order", "order")
