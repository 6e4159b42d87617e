"""The REST of notifications, over real sockets: strict at intake, idempotent, with four eyes (N2, N3, P8)."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.notifications.tests.callers import Caller, calling
from services.notifications.tests.facts import TODAY, Customer, person
from services.notifications.tests.house import House
from services.notifications.tests.mail_sink import Script
from shared.ids import customer_id_of

PERSON = {
    "customer_number": "C-1",
    "company_name": "Mingyuan Machinery Ltd",
    "name": "Wang Fang",
    "role": "finance",
    "language": "zh",
    "zone": "Asia/Shanghai",
    "email": "wang@customer.test",
    "verified": True,
    "address_for_service": True,
}
DRAFT = {
    "purpose": "reminder",
    "language": "en",
    "subject": "{{ creditor.name }}: please pay",
    "body_text": "Dear {{ recipient.name }}, {% for line in lines %}{{ line.invoice }} {{ line.amount }} {% endfor %}",
    "body_html": "<p>Dear {{ recipient.name }}</p>",
}


@pytest.fixture
async def callers(house: House, tmp_path: Path) -> AsyncIterator[dict[str, Caller]]:
    """Two administrators and a reader of one API."""
    async with calling(house, tmp_path) as made:
        yield made


@pytest.fixture
def ann(callers: dict[str, Caller]) -> Caller:
    """The first administrator."""
    return callers["ann"]


async def test_a_person_is_recorded_once_and_the_answer_repeats(house: House, ann: Caller) -> None:
    """N3, P8: the same key gives the same bytes; the same person under a new key is a 409."""
    first = await ann.post("/v1/contact-points", PERSON, key="one-intent")
    again = await ann.post("/v1/contact-points", PERSON, key="one-intent")
    twice = await ann.post("/v1/contact-points", PERSON)

    assert (first.status_code, again.content) == (201, first.content)
    assert twice.status_code == 409
    assert first.json()["customer_id"] == str(customer_id_of("C-1"))
    assert await house.published() == ["contact-point-verified"]
    assert (await ann.get("/v1/contact-points", customer_number="C-1"))["items"] == [first.json()]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "a@x.de\nBcc: evil@evil.test"),
        ("email", "Bob <a@x.test>, evil@y.test"),
        ("email", "a@x.test, b@y.test"),
        ("email", "a\u0000@x.test"),
        ("email", "nobody"),
        ("phone", "13912345678"),
        ("phone", "+8612"),
        ("phone", "tel:+8613912345678"),
        ("name", "Wang\r\nFang"),
        ("name", "Wang\u202eFang"),
        ("zone", "Asia/Atlantis"),
        ("language", "fr"),
        ("role", "Finance Dept"),
        ("surname", "Wang"),
    ],
)
async def test_what_could_become_another_recipient_is_refused_at_intake(ann: Caller, field: str, value: str) -> None:
    """Faults 3.14, 3.17, 3.20, 3.45, 3.46: 422, and the input is not echoed."""
    response = await ann.post("/v1/contact-points", {**PERSON, field: value})

    assert response.status_code == 422
    assert value not in response.text


async def test_a_batch_answers_for_each_item(ann: Caller) -> None:
    """Faults 3.50: 207 with a status for each; one refused does not hold up the others."""
    others = [{**PERSON, "customer_number": f"C-{number}"} for number in range(3)]
    response = await ann.post("/v1/contact-points/batch", {"items": [*others, others[0]]})

    assert response.status_code == 207
    assert sorted(each["status"] for each in response.json()["results"]) == [201, 201, 201, 409]


async def test_verification_and_opt_out_are_told_and_heeded(house: House, ann: Caller) -> None:
    """N3, N6: a person becomes fit for formal letters by verification, and silent by opting out."""
    body = {**PERSON, "verified": False, "address_for_service": False}
    contact = (await ann.post("/v1/contact-points", body)).json()["contact_point_id"]

    verified = await ann.post(f"/v1/contact-points/{contact}/verification", {"address_for_service": True})
    quiet = await ann.post(f"/v1/contact-points/{contact}/opt-out", {"scope": "all"})

    assert (verified.json()["verified"], verified.json()["address_for_service"]) == (True, True)
    assert quiet.json()["opted_out"] == "all"
    assert await house.published() == ["contact-point-verified", "contact-opted-out"]
    missing = await ann.post(f"/v1/contact-points/{UUID(int=1)}/opt-out", {"scope": "all"})
    assert missing.status_code == 404


async def test_a_message_shows_all_that_proves_it(house: House, ann: Caller) -> None:
    """N8: lines with the sums stated, deliveries, attempts with content, hash, positions and the server's answer."""
    customer = Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    await house.live(TODAY)

    listed = await ann.get("/v1/messages", customer_number="C-1", state="sent")
    shown = await ann.get(f"/v1/messages/{customer.message_id()}")

    assert [each["message_id"] for each in listed["items"]] == [str(customer.message_id())]
    (line,), (attempt,) = shown["lines"], shown["attempts_made"]
    assert (line["invoice_number"], line["stated"], line["currency"]) == ("INV-1", "1250.00", "CNY")
    assert attempt["content"].encode() == house.sink.taken[0]
    assert (attempt["outcome"], attempt["code"]) == ("taken", 250)
    assert (shown["channel"], shown["accompanies"], shown["looks"], shown["receipts"]) == ("email", False, [], [])


async def test_listing_goes_on_from_its_cursor(house: House, ann: Caller) -> None:
    """P8: pages by signed cursor, each message once."""
    customer = Customer()
    for number in range(5):
        await house.hear(customer.planned("INV-1", reminder_id=UUID(int=number + 1)))
    seen, cursor = [], None
    while True:
        page = await ann.get("/v1/messages", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [each["message_id"] for each in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break

    assert len(seen) == len(set(seen)) == 5


async def test_people_resolve_what_nobody_knows(house: House, callers: dict[str, Caller]) -> None:
    """N4: the list for people, and a decision that is kept with its author and reason."""
    customer = Customer()
    house.sink.script = Script(close_after_data=True)
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    await house.live(TODAY)
    decision = {"action": "mark_sent", "reason": "The recipient confirmed by phone."}
    path = f"/v1/messages/{customer.message_id()}/resolution"

    assert len((await callers["eve"].get("/v1/messages", state="unknown"))["items"]) == 1
    assert (await callers["eve"].post(path, decision)).status_code == 403
    assert (await callers["ann"].post(path, decision)).json()["state"] == "sent"
    assert (await callers["bob"].post(path, decision)).status_code == 409
    shown = await callers["eve"].get(f"/v1/messages/{customer.message_id()}")
    assert shown["resolved_by"] == "ann"


async def test_words_speak_only_after_another_person_approved_them(house: House, callers: dict[str, Caller]) -> None:
    """N2, faults 4.11: maker is not checker; from the approval on the new words are sent."""
    customer = Customer()
    await house.record(person(customer))
    await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))
    ann, bob = callers["ann"], callers["bob"]
    draft = (await ann.post("/v1/templates", DRAFT)).json()
    path = f"/v1/templates/{draft['template_id']}"

    shown = await ann.post(f"{path}/preview", {"message_id": str(customer.message_id())})
    assert shown.json()["subject"] == "Dueflow 上海: please pay"
    assert "INV-1 CN¥1,250.00" in shown.json()["text"]
    assert (await ann.post(f"{path}/approval")).status_code == 403
    assert (await bob.post(f"{path}/approval")).json()["approved_by"] == "bob"
    assert (await bob.post(f"{path}/approval")).status_code == 409
    await house.live(TODAY)
    assert house.sink.mails[0]["Subject"] == "Dueflow 上海: please pay"


@pytest.mark.parametrize("source", ["{{ password }}", "{{ 1 + 1 }}", "{% for x in %}", "{{ lines.clear() }}"])
async def test_words_that_cannot_be_rendered_are_not_saved(ann: Caller, source: str) -> None:
    """N2: an unknown variable is a 422 when it is written."""
    response = await ann.post("/v1/templates", {**DRAFT, "body_text": source})

    assert response.status_code == 422
    assert response.json()["type"] == "/problems/invalid"


async def test_a_preview_needs_something_to_show(house: House, ann: Caller) -> None:
    """N2: a customer without debts is a 409, an unknown template a 404."""
    draft = (await ann.post("/v1/templates", DRAFT)).json()["template_id"]

    assert (await ann.post(f"/v1/templates/{draft}/preview", {"customer_number": "C-9"})).status_code == 409
    assert (await ann.post(f"/v1/templates/{draft}/preview", {})).status_code == 422
    assert (await ann.post(f"/v1/templates/{UUID(int=1)}/preview", {"customer_number": "C-9"})).status_code == 404
