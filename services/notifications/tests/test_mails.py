"""The words and the mail: golden files in both languages, hostile names, and a sandbox without a door (N1, N2)."""

import os
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.contact import ContactPoint
from services.notifications.domain.debt import Debt
from services.notifications.domain.decision import SpokenLine
from services.notifications.domain.letter import Demand, letter
from services.notifications.domain.wording import amount_in, date_in, rate_in
from services.notifications.gateways.composing import Cover, Letterhead, compose
from services.notifications.gateways.rendering import FOLDER, BadTemplate, Rendered, Words, render
from services.notifications.usecases.try_words import try_words
from shared.money import parse_amount

GOLDEN = Path(__file__).with_name("golden")
BUILT_IN = sorted(path.stem for path in FOLDER.glob("*.subject"))
READER = ContactPoint(
    contact_point_id=UUID(int=1),
    customer_id=UUID(int=2),
    customer_number="C-1",
    company_name="明远机械有限公司",
    name="王芳",
    role="finance",
    language="zh",
    zone="Asia/Shanghai",
    email="ap@customer.test",
    phone=None,
    verified=True,
    address_for_service=True,
    opted_out=None,
    email_invalid_reason=None,
)
PAYEE: dict[str, Any] = {
    "name": "Dueflow 上海",
    "account": "6222 0000 1234",
    "bank": "Bank of Tests",
    "phone": "+862112345678",
    "email": "ar@dueflow.test",
    "currency": "CNY",
    "address": "上海市浦东新区示例路1号",
    "accounts": [
        {
            "currency": "CNY",
            "holder": "Dueflow 上海",
            "number": "6222 0000 1234",
            "bank": "Bank of Tests",
            "bic": "TESTCNBJXXX",
            "valid_from": "2026-01-01",
        }
    ],
}


def words(name: str) -> Words:
    """Return the sources of a built-in template."""
    return Words(*((FOLDER / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("subject", "txt", "html")))


def line(number: str, due_date: date, minor: int, currency: str, ordinal: int = 1) -> SpokenLine:
    """Return a debt with its collectible sum."""
    debt = Debt(
        instalment_id=UUID(int=3),
        customer_id=READER.customer_id,
        invoice_id=UUID(int=4),
        invoice_number=number,
        ordinal=ordinal,
        entity="cn01",
        due_date=due_date,
        currency=currency,
        open_minor=minor,
        episode=1,
        penalty_pct_per_day=Decimal("0.0500"),
    )
    return SpokenLine(debt=debt, collectible_minor=minor)


def demand(language: str, *, reader: ContactPoint = READER, creditor: str = "Dueflow 上海") -> Demand:
    """Return a demand of three lines in two currencies."""
    return Demand(
        contact=replace(reader, language=language),
        creditor_name=creditor,
        payee=PAYEE,
        spoken=[
            line("INV-2026-0001", date(2026, 3, 1), 12_345_678, "CNY"),
            line("INV-2026-0002", date(2026, 3, 9), 99_900, "CNY", ordinal=2),
            line("INV-2026-0003", date(2026, 3, 20), 500_000, "JPY"),
        ],
        day=date(2026, 3, 16),
        answer_working_days=7,
    )


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_built_in_template_reads_as_the_golden_file(name: str) -> None:
    """N2: every purpose in both languages, to the letter; DUEFLOW_TEST_GOLDEN=write renews the files."""
    language = name.rpartition(".")[2]
    rendered = render(words(name), letter(demand(language)), language=language)
    shown = f"{rendered.subject}\n\n{rendered.text}\n{'-' * 70}\n{rendered.html}"
    golden = GOLDEN / f"{name}.golden"
    if os.environ.get("DUEFLOW_TEST_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(shown, encoding="utf-8")

    assert shown == golden.read_text(encoding="utf-8")


def test_every_purpose_of_the_default_playbook_has_words_in_both_languages() -> None:
    """N2, facts 3.9: no step of the default playbook is without words."""
    purposes = ("pre_due", "reminder", "second_reminder", "formal_demand", "lawyer_letter")

    assert {f"{purpose}.{language}" for purpose in purposes for language in ("zh", "en")} == set(BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_words_pass_the_test_that_drafts_must_pass(name: str) -> None:
    """N2: what is saved has been rendered, with and without penalty and period."""
    try_words(words(name), language=name.rpartition(".")[2])


@pytest.mark.parametrize(
    "hostile", ["{{7*7}}", "<script>alert(1)</script>", '"><img src=x>', "=HYPERLINK(1)", "{% raw %}"]
)
def test_a_hostile_name_is_only_text(hostile: str) -> None:
    """Faults 3.47: stored and shown as it is, escaped in HTML."""
    told = demand("en", reader=replace(READER, name=hostile, company_name=hostile), creditor=hostile)

    rendered = render(words("reminder.en"), letter(told), language="en")

    assert f"Dear {hostile}," in rendered.text
    assert "49" not in rendered.text.replace("999", "")
    assert "<script>" not in rendered.html
    assert "<img" not in rendered.html


@pytest.mark.parametrize(
    "source",
    [
        "{{ unknown }}",
        "{{ recipient.email }}",
        "{{ recipient.__class__ }}",
        "{{ lines.append(1) }}",
        "{{ range(9) }}",
        "{{ 7 * 7 }}",
        "{{ 'x' ~ 'y' * 99999999 }}",
        "{{ recipient.name | center(999999999) }}",
        "{{ recipient.name | safe }}",
        "{% include 'layout.html' %}{% include '/etc/passwd' %}",
        "{% for line in lines %}",
        "{{ ''.join(['a']) }}",
        "{{ self.x() }}",
        "{{ -most_days_past_due }}",
    ],
)
def test_words_that_reach_beyond_the_letter_are_refused_when_they_are_written(source: str) -> None:
    """N2, faults 4.17: unknown names, calls, arithmetic and files are an error at once, never at night."""
    with pytest.raises(BadTemplate):
        try_words(Words("subject", source, "html"), language="en")


def test_a_version_is_what_it_says() -> None:
    """N2: versioned by content."""
    first = Words("a", "b", "c")

    assert first.version == Words("a", "b", "c").version
    assert first.version != Words("a", "bc", "").version


@given(st.integers(0, 10**14), st.sampled_from(["CNY", "USD", "JPY", "KWD", "HUF"]))
def test_an_amount_reads_back_as_what_it_was(minor: int, currency: str) -> None:
    """N2: the decimals of ISO 4217, no rounding, in both languages."""
    for language in ("zh", "en"):
        digits = "".join(each for each in amount_in(language, minor, currency) if each.isdigit() or each == ".")
        assert parse_amount(digits, currency) == minor


def test_dates_and_rates_are_written_as_people_write_them() -> None:
    """N2: in the language's form."""
    assert date_in("zh", date(2026, 3, 31)) == "2026年3月31日"
    assert date_in("en", date(2026, 3, 31)) == "March 31, 2026"
    assert rate_in("zh", Decimal("0.0500")) == "0.05%"
    assert amount_in("zh", 125_000, "CNY") == "¥1,250.00"
    assert amount_in("en", 125_000, "USD") == "$1,250.00"


COVER = Cover(
    message_id=UUID(int=77),
    recipient_name="Wang, Fang (AP)",
    recipient="ap@customer.test",
    language="zh",
    creditor_name="Dueflow 上海",
    reply_to="ar@dueflow.test",
    civil_at=datetime(2026, 3, 16, 10, tzinfo=ZoneInfo("Asia/Shanghai")),
    unsubscribe=UUID(int=5),
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    correlation_id="corr-1",
)
HEAD = Letterhead(address="no-reply@dueflow.test")


def test_the_same_message_is_the_same_bytes_with_the_same_message_id() -> None:
    """N1, N4: a repeat can be known as one."""
    rendered = Rendered("主题", "文本", "<p>文本</p>")

    first, second = compose(HEAD, COVER, rendered), compose(HEAD, COVER, rendered)

    assert first == second
    assert b"Message-ID: <00000000-0000-0000-0000-00000000004d@dueflow.test>" in first.content
    assert b"Date: Mon, 16 Mar 2026 10:00:00 +0800" in first.content
    assert b"X-Traceparent: 00-0af7651916cd43dd8448eb211c80319c" in first.content
    assert b"List-Unsubscribe: <mailto:no-reply@dueflow.test" in first.content
    assert b"Content-Language: zh-CN" in first.content
    assert first.content.isascii()


@given(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=300))
def test_a_subject_reads_back_as_what_it_was(subject: str) -> None:
    """N1: whatever its language and length, within the lines that mail allows."""
    content = compose(HEAD, COVER, Rendered(subject.strip() or "x", "t", "h")).content
    read = message_from_bytes(content, policy=default)
    assert " ".join(str(read["Subject"]).split()) == " ".join((subject.strip() or "x").split())
    assert str(read["From"]) == "Dueflow 上海 <no-reply@dueflow.test>"
    assert all(len(line) <= 998 for line in content.splitlines())


def test_a_formal_notice_offers_no_unsubscribing() -> None:
    """Faults 4.19: List-Unsubscribe is not on legal notices."""
    assert b"List-Unsubscribe" not in compose(HEAD, replace(COVER, unsubscribe=None), Rendered("s", "t", "h")).content


@pytest.mark.parametrize("evil", ["x\r\nBcc: evil@evil.test", "x\nSubject: y"])
def test_a_line_break_cannot_leave_its_header(evil: str) -> None:
    """Faults 3.45, 4.19: the library refuses what could inject a header."""
    with pytest.raises(ValueError):  # noqa: PT011 - any refusal will do
        compose(HEAD, replace(COVER, recipient_name=evil), Rendered("s", "t", "h"))
