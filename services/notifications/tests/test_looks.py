"""A person looks before a letter goes: queue, edit within the template, approve, refuse, four eyes (N7)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from services.notifications.domain.look import Look
from services.notifications.tests.callers import Caller, calling
from services.notifications.tests.facts import TODAY, Customer, person
from services.notifications.tests.house import House
from shared.clock import MachineClock

PURPOSE = "formal_demand"
REMARK = "Please name a person with whom our accounting can reconcile."


@pytest.fixture
async def callers(house: House, tmp_path: Path) -> AsyncIterator[dict[str, Caller]]:
    """Ann and Bob, who may write, and Eve, who may read."""
    async with calling(house, tmp_path) as made:
        yield made


async def queue(house: House, *, look: Look = "unless_approved", approved: bool = False) -> tuple[Customer, str]:
    """Let a formal demand be due today under this policy; return the customer and the path of his message."""
    customer = Customer()
    await house.execute("UPDATE template SET look = :look WHERE purpose = :purpose", look=look, purpose=PURPOSE)
    await house.record(person(customer))
    planned = customer.planned("INV-1", purpose=PURPOSE, formal=True, approved=approved)
    await house.hear(customer.issued("INV-1"), planned)
    await house.live(TODAY)
    return customer, f"/v1/messages/{customer.message_id(PURPOSE)}"


async def send(house: House) -> None:
    """Let the sender work after what was just asked of the API, which has the machine's clock."""
    house.clock.at = MachineClock().now()
    await house.send()


async def edit(caller: Caller, path: str, remark: str = REMARK) -> Any:
    """Set the free paragraph."""
    response = await caller.post(f"{path}/remark", {"remark": remark})
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    ("look", "approved", "waits"),
    [
        ("none", False, False),
        ("unless_approved", True, False),
        ("unless_approved", False, True),
        ("one", True, True),
        ("four_eyes", True, True),
    ],
)
async def test_the_policy_of_the_words_says_whether_a_person_looks(
    house: House, look: Look, *, approved: bool, waits: bool
) -> None:
    """N7: by default nobody is asked again who was asked in collections; the day does not wait for people."""
    customer, _ = await queue(house, look=look, approved=approved)

    state, _ = await house.state(customer.message_id(PURPOSE))
    assert state == ("waiting_for_approval" if waits else "sent")
    assert await house.unfinished() == []


async def test_an_approved_letter_goes_at_once(house: House, callers: dict[str, Caller]) -> None:
    """N7: the queue, the letter as it would read, the approval with its author; then it is sent."""
    _, path = await queue(house)
    listed = await callers["eve"].get("/v1/messages", state="waiting_for_approval")
    assert [f"/v1/messages/{each['message_id']}" for each in listed["items"]] == [path]
    assert (await callers["eve"].fetch(f"{path}/letter.pdf")).content.startswith(b"%PDF")
    assert (await callers["eve"].post(f"{path}/approval", {"edition": 0})).status_code == 403

    assert (await callers["ann"].post(f"{path}/approval", {"edition": 0})).json()["state"] == "released"
    await send(house)

    assert len(house.sink.taken) == 1
    shown = await callers["eve"].get(path)
    assert [(each["action"], each["actor"]) for each in shown["looks"]] == [("approve", "ann")]
    assert (await callers["bob"].post(f"{path}/approval", {"edition": 0})).status_code == 409


async def test_what_was_sent_is_shown_to_the_byte(house: House, callers: dict[str, Caller]) -> None:
    """N8, N13: the letter under its address is the one that the mail carried."""
    _, path = await queue(house, approved=True)
    (attached,) = house.sink.mails[0].iter_attachments()

    shown = await callers["eve"].fetch(f"{path}/letter.pdf")

    assert shown.content == attached.get_content()
    assert shown.headers["Content-Type"] == "application/pdf"
    detail = await callers["eve"].get(path)
    assert shown.headers["ETag"] == f'"{detail["attempts_made"][0]["letter_sha256"]}"'


async def test_an_edited_letter_is_approved_as_it_was_read(house: House, callers: dict[str, Caller]) -> None:
    """N7: who approves names the edition that he read; the paragraph stands in mail and letter."""
    _, path = await queue(house)
    assert (await edit(callers["ann"], path))["edition"] == 1

    assert (await callers["bob"].post(f"{path}/approval", {"edition": 0})).status_code == 409
    letter = PdfReader(BytesIO((await callers["bob"].fetch(f"{path}/letter.pdf")).content))
    assert REMARK in letter.pages[0].extract_text().replace("\n", " ")
    assert (await callers["bob"].post(f"{path}/approval", {"edition": 1})).status_code == 200
    await send(house)

    (mail,) = house.sink.mails
    body, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert body is not None
    assert html is not None
    assert REMARK in body.get_content()
    assert REMARK in html.get_content()


async def test_an_edit_is_looked_at_even_where_nobody_else_would(house: House, callers: dict[str, Caller]) -> None:
    """N7: an approval in collections was of the words as they stood."""
    customer = Customer()
    tomorrow = TODAY + timedelta(days=1)
    await house.record(person(customer))
    await house.hear(
        customer.issued("INV-1"), customer.planned("INV-1", purpose=PURPOSE, formal=True, approved=True, on=tomorrow)
    )
    path = f"/v1/messages/{customer.message_id(PURPOSE, tomorrow)}"
    await edit(callers["ann"], path)

    await house.live(tomorrow)
    assert (await callers["ann"].get(path))["state"] == "waiting_for_approval"
    assert (await callers["ann"].post(f"{path}/approval", {"edition": 1})).status_code == 200


async def test_four_eyes_see_more_than_two(house: House, callers: dict[str, Caller]) -> None:
    """N7, faults 4.11: who edited does not approve where the policy says so."""
    _, path = await queue(house, look="four_eyes")
    await edit(callers["ann"], path)

    assert (await callers["ann"].post(f"{path}/approval", {"edition": 1})).status_code == 403
    assert (await callers["bob"].post(f"{path}/approval", {"edition": 1})).status_code == 200


async def test_a_refused_letter_does_not_go_and_says_why(house: House, callers: dict[str, Caller]) -> None:
    """N7: withheld, told, and kept with the reason."""
    customer, path = await queue(house)

    assert (await callers["ann"].post(f"{path}/refusal", {"reason": "They pay on Friday."})).status_code == 200
    await send(house)

    assert house.sink.taken == []
    assert await house.state(customer.message_id(PURPOSE)) == ("withheld", "refused")
    assert [each["reason"] for each in await house.told("message-withheld")] == ["refused"]
    assert (await callers["ann"].get(path))["looks"][0]["note"] == "They pay on Friday."


async def test_what_was_paid_while_it_waited_does_not_go(house: House, callers: dict[str, Caller]) -> None:
    """N5, N7: an approval is no way around the last look at the debt."""
    customer, path = await queue(house)
    await house.hear(customer.paid("INV-1"))

    await callers["ann"].post(f"{path}/approval", {"edition": 0})
    await send(house)

    assert await house.state(customer.message_id(PURPOSE)) == ("withheld", "paid")
    assert (await callers["ann"].fetch(f"{path}/letter.pdf")).status_code == 409


async def test_collections_can_take_back_what_waits(house: House) -> None:
    """K5: an intent that is withdrawn waits for nobody."""
    customer, _ = await queue(house)
    await house.hear(customer.withdrawn(PURPOSE))

    assert await house.state(customer.message_id(PURPOSE)) == ("withdrawn", "superseded")


@pytest.mark.parametrize("remark", ["x" * 601, "two\nlines", "\u202e"])
async def test_an_edit_is_one_short_paragraph(house: House, callers: dict[str, Caller], remark: str) -> None:
    """N7: within the template: a length, one piece of text, and no tricks of direction."""
    _, path = await queue(house)

    assert (await callers["ann"].post(f"{path}/remark", {"remark": remark})).status_code == 422


@pytest.mark.parametrize("remark", ["{{ 7 * 7 }}", "<b>now</b>"])
async def test_an_edit_is_only_text(house: House, callers: dict[str, Caller], remark: str) -> None:
    """N7, faults 3.47: it is a value of the template, and no template."""
    _, path = await queue(house)
    await edit(callers["ann"], path, remark)
    await callers["bob"].post(f"{path}/approval", {"edition": 1})
    await send(house)

    (mail,) = house.sink.mails
    body, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert body is not None
    assert html is not None
    assert remark in body.get_content()
    assert "<b>now" not in html.get_content()


async def test_words_without_a_place_for_it_cannot_be_edited(house: House, callers: dict[str, Caller]) -> None:
    """N7: only what the template declares; a friendly reminder declares nothing."""
    customer = Customer()
    await house.ready(customer)

    response = await callers["ann"].post(f"/v1/messages/{customer.message_id()}/remark", {"remark": REMARK})

    assert response.status_code == 409


async def test_a_reminder_can_be_printed_as_it_was_sent(house: House, callers: dict[str, Caller]) -> None:
    """N13: its letter states what the mail stated, whatever was paid since."""
    customer = Customer()
    await house.ready(customer)
    await house.live(TODAY)
    await house.hear(customer.paid("INV-1"))

    shown = await callers["eve"].fetch(f"/v1/messages/{customer.message_id()}/letter.pdf")

    assert "1,250.00" in PdfReader(BytesIO(shown.content)).pages[0].extract_text()
