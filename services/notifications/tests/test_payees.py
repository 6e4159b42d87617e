"""Every message says whom to pay and where: by the accounts that were told, from their dates on (L19)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.letter import letter
from services.notifications.domain.payee import accounts_on
from services.notifications.gateways.rendering import render
from services.notifications.tests.facts import NOW, PAYEE, TODAY, TOMORROW, Customer, creditor, person
from services.notifications.tests.house import House
from services.notifications.tests.test_mails import demand, words
from shared.contracts import ledger
from shared.messaging.subscription import Received

CURRENCIES = ("CNY", "USD", "JPY")
OLD = {"name": "Acme", "account": "0", "bank": "Bank", "phone": "1", "email": "ar@acme.test"}
TOLD = st.lists(st.tuples(st.sampled_from(CURRENCIES[:2]), st.integers(-3, 3)), max_size=6)


def payee(told: list[tuple[str, int]]) -> dict[str, Any]:
    """A payee in CNY with accounts of these currencies, numbered in the order of their dates."""
    ordered = sorted(told, key=lambda each: each[1])
    accounts = [
        {
            "currency": currency,
            "holder": "Acme",
            "bank": "Bank",
            "number": str(number),
            "bic": None,
            "valid_from": str(TODAY + timedelta(days=days)),
        }
        for number, (currency, days) in enumerate(ordered, start=1)
    ]
    return {**OLD, "currency": "CNY", "accounts": accounts}


@given(told=TOLD, asked=st.sets(st.sampled_from(CURRENCIES), min_size=1))
def test_each_currency_has_one_account_whose_date_has_come(told: list[tuple[str, int]], asked: set[str]) -> None:
    """L19: the last that took over; without one that of the entity's currency, and without that what was recorded."""
    known = payee(told)
    last: dict[str, str] = {}
    for each in known["accounts"]:
        if date.fromisoformat(each["valid_from"]) <= TODAY:
            last[each["currency"]] = each["number"]
    expected: dict[str, set[str]] = {}
    for currency in asked:
        expected.setdefault(last.get(currency, last.get("CNY", "0")), set()).add(currency)
    found = accounts_on(known, currencies=sorted(asked), day=TODAY)
    assert [each["account"] for each in found] == list(dict.fromkeys(each["account"] for each in found))
    named = {each["account"]: set(each["currencies"].split(", ")) for each in found}
    assert named == (expected if len(expected) > 1 else {next(iter(expected)): {""}}), "only a choice needs words"


def test_a_creditor_who_was_told_before_there_were_accounts_is_paid_as_recorded() -> None:
    """L19: and with all fields that a layout shows."""
    recorded = {"name": "Acme", "account": "0", "bank": "Bank", "bic": "", "currencies": ""}
    assert accounts_on(OLD, currencies=["CNY", "USD"], day=TODAY) == [recorded]


@pytest.mark.parametrize(("language", "label"), [("en", "Account number"), ("zh", "账号")])
def test_two_currencies_with_accounts_of_their_own_are_told_apart(language: str, label: str) -> None:
    """L19: in both parts of a mail, each account below its currency."""
    demanded = demand(language)
    yen = {**demanded.payee["accounts"][0], "currency": "JPY", "number": "777", "bic": None}
    known = {**demanded.payee, "accounts": [*demanded.payee["accounts"], yen]}
    rendered = render(words(f"reminder.{language}"), letter(replace(demanded, payee=known)), language=language)
    lines = [line.strip() for line in rendered.text.splitlines()]
    first, second = lines.index("CNY"), lines.index("JPY")
    assert lines[first + 2] == f"{label}: 6222 0000 1234"
    assert lines[second + 2] == f"{label}: 777"
    assert rendered.html.index(">CNY<") < rendered.html.index("6222 0000 1234") < rendered.html.index(">JPY<")


def told(minutes: int, *accounts: tuple[str, str, date], **other: Any) -> Received:
    """The creditor's record of some minutes later, with these accounts: currency, number, date."""
    received = creditor()
    event = ledger.EntityRecorded(
        **{
            **{name: getattr(received.event, name) for name in ("entity", "name", "country", "zone", "currency")},
            "payee": PAYEE,
            "accounts": [
                ledger.BankAccount(
                    currency=currency, holder="Dueflow", bank="Bank", number=number, bic="TESTCNBJXXX", valid_from=day
                )
                for currency, number, day in accounts
            ],
            **other,
        }
    )
    return replace(
        received, event=event, envelope=replace(received.envelope, recorded_at=NOW + timedelta(minutes=minutes))
    )


async def body_of_the_mail(house: House, *, on: date) -> str:
    """Let a day pass on which one reminder is due, and return what it says."""
    customer = Customer()
    await house.hear(customer.planned("INV-1", on=on))
    before = len(house.sink.mails)
    await house.live(on)
    (mail,) = house.sink.mails[before:]
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def test_a_mail_names_the_new_account_from_its_date_and_not_before(house: House) -> None:
    """L19: with BIC, reference, customer number and whom to call."""
    customer = Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"))
    await house.hear(told(1, ("CNY", "6222 1", TODAY), ("CNY", "6217 2", TOMORROW), address="1 Example Road"))
    today = await body_of_the_mail(house, on=TODAY)
    for shown in ("Account number: 6222 1", "BIC (SWIFT): TESTCNBJXXX", "reference: INV-1", "number: C-1", PAYEE.phone):
        assert shown in today
    assert "1 Example Road" in today
    assert "6217" not in today


async def test_a_mail_says_where_the_creditor_is_now_and_whom_to_call(house: House) -> None:
    """L19: a change of phone and address shows from the next mail on."""
    customer = Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"), told(1, ("CNY", "6222 1", TODAY), address="1 Example Road"))
    await house.hear(
        told(
            2,
            ("CNY", "6222 1", TODAY),
            address="2 New Street",
            payee=PAYEE.model_copy(update={"phone": "+86 21 5550 0199"}),
        )
    )
    mail = await body_of_the_mail(house, on=TODAY)
    assert "2 New Street" in mail
    assert "+86 21 5550 0199" in mail
    assert "1 Example Road" not in mail
    assert PAYEE.phone not in mail


async def test_a_mail_comes_from_the_creditors_own_address_where_it_has_one(house: House) -> None:
    """L19: answers go to whom one may ask."""
    customer = Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"), told(1, ("CNY", "6217 2", TODAY), sender_email="ar@own.test"))
    assert "6217 2" in await body_of_the_mail(house, on=TODAY)
    (mail,) = house.sink.mails
    assert (mail["From"].addresses[0].addr_spec, mail["Reply-To"]) == ("ar@own.test", PAYEE.email)
