"""Letters as PDF: both languages, one page and many, small, and the same bytes for the same content (N13)."""

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from services.notifications.domain.letter import Demand, letter
from services.notifications.gateways.printing import Letter, print_letter
from services.notifications.gateways.rendering import LetterWords, Words, render_letter
from services.notifications.tests.facts import TODAY, Customer, person
from services.notifications.tests.house import House
from services.notifications.tests.test_mails import demand, line, words

FORMAL = ("reminder", "second_reminder", "formal_demand", "lawyer_letter")
LARGEST_BYTES = 100_000
NUMBER = "5B0A1122-9C3D"


def printed(name: str, told: Demand) -> Letter:
    """Print a built-in letter."""
    language = told.contact.language
    model = letter(told)
    return print_letter(
        render_letter(words(f"{name}.{language}"), model, language=language), model, language=language, number=NUMBER
    )


def pages(made: Letter) -> list[str]:
    """Return the text of each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(made.content)).pages]


def many(language: str) -> Demand:
    """Return a demand of two hundred invoices."""
    spoken = [
        line(f"INV-{number:04}", date(2026, 1, 1 + number % 28), 125_000 + number, "CNY") for number in range(200)
    ]
    return replace(demand(language), spoken=spoken)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", FORMAL)
def test_a_letter_says_who_what_and_where_to_pay_on_one_page(name: str, language: str) -> None:
    """N13: addressee, invoices, sums, account, seal area, number and page, in type that is embedded."""
    made = printed(name, demand(language))

    (text,) = pages(made)
    for said in ("明远机械有限公司", "INV-2026-0001", "123,456.78", "6222 0000 1234", "+862112345678", NUMBER, "1 / 1"):
        assert said in text
    assert ("盖章" if language == "zh" else "Seal") in text
    assert len(made.content) < LARGEST_BYTES
    (font,) = PdfReader(BytesIO(made.content)).pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
    assert "DueflowLetterSC" in str(font.get_object()["/BaseFont"])


@pytest.mark.parametrize("name", ["㛃䶮商贸", "𠮷田化工", "한국무역", "Nguyễn Thị Đặng", "Αθήνα", "Ґазпром", "חברה"])
def test_a_name_that_gbk_cannot_write_is_printed(name: str) -> None:
    """N13: rare characters and other scripts, without a box, and the letter stays small."""
    demanded = demand("en")
    made = printed("reminder", replace(demanded, contact=replace(demanded.contact, company_name=name)))
    (text,) = pages(made)
    assert name in text
    assert "\x00" not in text
    assert len(made.content) < LARGEST_BYTES


def test_a_name_in_a_script_that_no_font_has_stops_no_letter() -> None:
    """N13: it prints as boxes; whom to pay and how much are said all the same."""
    demanded = demand("en")
    made = printed("reminder", replace(demanded, contact=replace(demanded.contact, company_name="กรุงเทพ")))
    assert "123,456.78" in pages(made)[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_two_hundred_invoices_go_over_pages_and_stay_small(language: str) -> None:
    """N13: the table's head stands on each page, each invoice stands once, the seal stands on the last."""
    made = printed("lawyer_letter", many(language))

    found = pages(made)
    assert len(found) > 3
    assert all(f"{number} / {len(found)}" in text for number, text in enumerate(found, start=1))
    assert all("应付金额" in text or "Amount due" in text for text in found[:-1])
    whole = "".join(found)
    assert all(f"INV-{number:04}" in whole for number in range(200))
    assert len(made.content) < LARGEST_BYTES


def test_the_same_content_is_the_same_bytes() -> None:
    """N8, N13: a hash proves something only if printing again gives it again."""
    first, second = printed("formal_demand", demand("zh")), printed("formal_demand", demand("zh"))

    assert first == second
    assert first.sha256 != printed("formal_demand", replace(demand("zh"), day=date(2026, 3, 17))).sha256


@pytest.mark.parametrize("hostile", ['#read("/etc/passwd")', "*bold* $x^2$ \\ // @ref <tag>", "{{ 7 * 7 }}"])
def test_a_hostile_name_is_only_text(hostile: str) -> None:
    """Faults 3.47: values are shown; nothing in them is markup of the letter."""
    told = demand("en")

    (text,) = pages(printed("reminder", replace(told, contact=replace(told.contact, company_name=hostile))))

    assert hostile.replace(" ", "") in text.replace(" ", "").replace("\n", "")


def test_words_of_ones_own_make_a_letter_too() -> None:
    """N2, N13: approved words without our layout stand above the table, under their subject."""
    own = Words("please  pay", "Dear {{ recipient.name }},\n\npay.", "<p></p>")

    found = render_letter(own, letter(demand("en")), language="en")

    assert found == LetterWords("Please pay", ("Dear 王芳,", "pay."), (), (), found.labels)


async def test_a_formal_mail_carries_its_letter_and_the_proof_of_it(house: House) -> None:
    """N8, N13: attached, hashed with the attempt, told with the event; a friendly mail stays without."""
    customer = Customer()
    await house.record(person(customer, language="zh"))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1", purpose="formal_demand", formal=True))
    await house.live(TODAY)

    (attached,) = house.sink.mails[0].iter_attachments()
    made = Letter(attached.get_content())
    assert attached.get_filename() == f"formal_demand-{str(customer.message_id('formal_demand'))[:13].upper()}.pdf"
    assert "付款催告函" in pages(made)[0]
    assert await house.rows("SELECT letter_sha256 FROM attempt") == [(made.sha256,)]
    assert [each["letter_sha256"] for each in await house.told("message-sent")] == [made.sha256]


async def test_a_friendly_mail_carries_no_letter(house: House) -> None:
    """N13: what is not formal is printed only when somebody asks for it."""
    await house.ready(Customer())
    await house.live(TODAY)

    assert list(house.sink.mails[0].iter_attachments()) == []
