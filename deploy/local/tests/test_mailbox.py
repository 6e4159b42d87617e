"""The mailbox keeps what it accepts and shows it without running any of it (N1 in the demo)."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest
from playwright.async_api import Page, expect

from deploy.local.mailbox.pages import create_app
from deploy.local.mailbox.store import MailStore
from deploy.local.mailbox.texts import TextStore
from deploy.local.ports import Ports
from deploy.local.supervised import Supervised
from shared.clock import FixedClock

_HOSTILE = "<script>alert(1)</script>"


def _store(folder: Path) -> MailStore:
    return MailStore(folder, clock=FixedClock(datetime(2026, 3, 1, tzinfo=UTC)))


def _mail(*, to: str = "ap@example.test", subject: str = "Reminder", html: str | None = None) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ar@seller.test", to, subject
    message.set_content("您的发票已逾期 INV-1")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def _texts(folder: Path) -> TextStore:
    return TextStore(folder, clock=FixedClock(datetime(2026, 3, 1, tzinfo=UTC)))


def _page(store: MailStore, texts: TextStore | None = None) -> httpx.AsyncClient:
    app = create_app(store, texts or _texts(store.folder))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


def test_the_newest_is_listed_first_and_pages_follow_each_other(tmp_path: Path) -> None:
    """Offset and limit cut one order."""
    store = _store(tmp_path)
    for number in range(5):
        store.add(_mail(subject=f"No. {number}").as_bytes(), sender="a@b.test", recipients=["ap@example.test"])
    total, first = store.page(limit=2, offset=0)
    _, second = store.page(limit=2, offset=2)
    assert (total, [mail.subject for mail in first + second]) == (5, ["No. 4", "No. 3", "No. 2", "No. 1"])


def test_search_looks_at_recipients_and_subjects(tmp_path: Path) -> None:
    """Whatever the case."""
    store = _store(tmp_path)
    store.add(_mail(subject="Überfällig").as_bytes(), sender="", recipients=["eins@example.test"])
    store.add(_mail().as_bytes(), sender="", recipients=["Zwei@example.test"])
    assert [mail.number for mail in store.page(limit=9, offset=0, query="ÜBERF")[1]] == [1]
    assert [mail.number for mail in store.page(limit=9, offset=0, query="zwei@")[1]] == [2]


def test_mail_outlives_the_process_and_a_torn_index_line(tmp_path: Path) -> None:
    """What was accepted is there; what was not is not."""
    _store(tmp_path).add(_mail(subject="kept").as_bytes(), sender="", recipients=["a@example.test"])
    with (tmp_path / "index.jsonl").open("a") as index:
        index.write('{"number": 2, "rec')
    again = _store(tmp_path)
    again.add(_mail(subject="next").as_bytes(), sender="", recipients=["a@example.test"])
    assert [(mail.number, mail.subject) for mail in _store(tmp_path).page(limit=9, offset=0)[1]] == [
        (2, "next"),
        (1, "kept"),
    ]


async def test_a_hostile_message_is_shown_and_nothing_of_it_is_live(tmp_path: Path) -> None:
    """Markup in subject, text and HTML part is escaped; the HTML part sits in a frame without rights."""
    store = _store(tmp_path)
    mail = _mail(subject=_HOSTILE, html=f'"><p>{_HOSTILE}<img src="https://tracker.test/x.png"></p>')
    store.add(mail.as_bytes(), sender="a@b.test", recipients=[f'"{_HOSTILE}"@example.test'])
    client = _page(store)
    for path in ("/", f"/?q={_HOSTILE}", "/messages/1"):
        answer = await client.get(path)
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert 'sandbox=""' in (await client.get("/messages/1")).text
    assert "您的发票已逾期" in (await client.get("/messages/1")).text


async def test_the_interface_gives_pages_and_whole_messages(tmp_path: Path) -> None:
    """For tests and scripts."""
    store = _store(tmp_path)
    store.add(_mail(html="<b>now</b>").as_bytes(), sender="a@b.test", recipients=["ap@example.test"])
    client = _page(store)
    listed = (await client.get("/api/v1/messages", params={"limit": 1, "offset": 0})).json()
    assert (listed["total"], listed["messages"][0]["recipients"]) == (1, ["ap@example.test"])
    whole = (await client.get("/api/v1/messages/1")).json()
    assert whole["html"].strip() == "<b>now</b>"
    assert ["Subject", "Reminder"] in whole["headers"]
    assert (await client.get("/api/v1/messages/2")).status_code == 404


async def test_a_text_message_is_kept_once_and_shown(tmp_path: Path) -> None:
    """N1, N4: the mailbox plays a provider that keeps references; what it took is there after a restart."""
    store = _store(tmp_path)
    asked = {"reference": "m-1", "to": "+8613812345678", "template_id": "T1", "text": _HOSTILE, "variables": {}}
    client = _page(store)
    answers = [(await client.post("/api/texts", json={**asked, "reference": each})).json() for each in ("m-1", "m-1")]
    assert answers == [{"status": "accepted", "id": "1"}] * 2
    await client.post("/api/texts", json={**asked, "reference": "m-2", "text": "付款提醒"})

    again = _page(_store(tmp_path))
    listed = (await again.get("/api/texts", params={"limit": 1})).json()
    assert (listed["total"], listed["texts"][0]["text"]) == (2, "付款提醒")
    page = (await again.get("/texts", params={"q": "alert"})).text
    assert "+8613812345678" in page
    assert "<script" not in page


async def test_a_letter_is_opened_from_its_mail(tmp_path: Path) -> None:
    """N13: the PDF that a mail carries, to the byte."""
    store, mail = _store(tmp_path), _mail()
    mail.add_attachment(b"%PDF-1.7 letter", maintype="application", subtype="pdf", filename="formal_demand-1.pdf")
    store.add(mail.as_bytes(), sender="a@b.test", recipients=["ap@example.test"])
    client = _page(store)
    assert "formal_demand-1.pdf" in (await client.get("/messages/1")).text
    letter = await client.get("/messages/1/letters/0")
    assert (letter.content, letter.headers["Content-Type"]) == (b"%PDF-1.7 letter", "application/pdf")
    assert (await client.get("/messages/1/letters/1")).status_code == 404


async def test_a_name_that_only_points_here_is_refused(tmp_path: Path) -> None:
    """Otherwise any site could read the mail by DNS rebinding."""
    assert (await _page(_store(tmp_path)).get("/", headers={"Host": "evil.test"})).status_code == 400


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[tuple[Supervised, int]]:
    """The real process, and its SMTP port."""
    ports = Ports(usual=False)
    smtp_port, page_port = ports.take(), ports.take()
    command = [sys.executable, "-m", "deploy.local.mailbox", str(tmp_path), str(smtp_port), str(page_port)]
    url = f"http://127.0.0.1:{page_port}"
    process = Supervised("mailbox", command, environment={}, log=tmp_path / "mailbox.log", url=url, tell=print)
    process.start()
    await process.wait_ready()
    yield process, smtp_port
    await process.stop()


async def test_mail_sent_by_smtp_is_there_when_it_is_accepted(mailbox: tuple[Supervised, int]) -> None:
    """N1: the sender's 250 means it is on disk; many connections at once are served."""
    process, smtp_port = mailbox
    await asyncio.gather(
        *(aiosmtplib.send(_mail(subject=f"{n}"), hostname="127.0.0.1", port=smtp_port) for n in range(20))
    )
    async with httpx.AsyncClient() as client:
        listed = (await client.get(f"{process.url}/api/v1/messages")).json()
    assert {mail["subject"] for mail in listed["messages"]} == {str(n) for n in range(20)}


async def test_a_person_finds_a_mail_and_sees_it_as_its_reader_does(
    mailbox: tuple[Supervised, int], page: Page
) -> None:
    """N1 in Chromium: the list, the search, the message, and its HTML part in a frame where no script runs."""
    process, smtp_port = mailbox
    for subject in ("Reminder", "付款提醒"):
        mail = _mail(subject=subject, html=f"<p>{subject}</p><script>document.body.innerText = 'run'</script>")
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=smtp_port)
    await page.goto(process.url)
    assert await page.locator("tbody tr").count() == 2
    await page.get_by_label("Search").fill("提醒")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name="付款提醒").click()
    await expect(page.locator("h1")).to_have_text("付款提醒")
    assert (await page.frame_locator("iframe").locator("body").inner_text()).strip() == "付款提醒"
