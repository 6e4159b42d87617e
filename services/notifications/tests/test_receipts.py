"""Receipts of text messages: signed, repeated, early, late, and about dead numbers (N8, faults 2.44)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.notifications.gateways.signatures import TOLERANCE_SECONDS, signature
from services.notifications.tests.callers import Caller, calling
from services.notifications.tests.facts import NOW, Customer
from services.notifications.tests.house import House
from services.notifications.tests.text_gateway import SECRET, Answers, Gateway
from shared.clock import MachineClock


@pytest.fixture
async def api(texting_house: House, tmp_path: Path) -> AsyncIterator[Caller]:
    """A reader of the API of a house with one provider."""
    async with calling(texting_house, tmp_path) as callers:
        yield callers["eve"]


async def tell(
    api: Caller,
    reference: UUID,
    status: str = "delivered",
    *,
    reason: str | None = None,
    provider: str = "main",
    secret: str = SECRET,
    at: datetime | None = None,
) -> int:
    """Tell the API what became of a message, as the provider does; return the status of the answer."""
    told = {"reference": str(reference), "status": status, "at": NOW.isoformat(), "reason": reason, "cost": "0.04"}
    content, timestamp = json.dumps(told).encode(), str(int((at or MachineClock().now()).timestamp()))
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": "w-1",
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": f"v1,b2xk {signature(secret, webhook_id='w-1', timestamp=timestamp, content=content)}",
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{api.base_url}/v1/sms-receipts/{provider}", content=content, headers=headers)
    return answer.status_code


async def test_a_receipt_says_that_it_arrived_once(texting_house: House, main: Gateway, api: Caller) -> None:
    """N8: delivered = arrived; the provider may repeat itself; what it said is kept word for word."""
    customer = Customer()
    await texting_house.remind(customer)
    text = customer.message_id(channel="sms")

    assert [await tell(api, text) for _ in range(3)] == [204] * 3

    (delivered,) = await texting_house.told("message-delivered")
    assert (delivered["channel"], delivered["ground"], delivered["arrived_date"]) == ("sms", "receipt", "2026-03-16")
    shown = await api.get(f"/v1/messages/{text}")
    assert (shown["arrived"], [each["status"] for each in shown["receipts"]]) == (True, ["delivered"])
    assert json.loads(shown["receipts"][0]["content"])["cost"] == "0.04"


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "another"},
        {"provider": "nobody"},
        {"at": MachineClock().now() - timedelta(seconds=2 * TOLERANCE_SECONDS)},
    ],
)
async def test_what_the_provider_did_not_sign_just_now_changes_nothing(
    texting_house: House, main: Gateway, api: Caller, forged: dict[str, object]
) -> None:
    """N8, faults 4: wrong secret, unknown provider, an old receipt played again."""
    customer = Customer()
    await texting_house.remind(customer)

    assert await tell(api, customer.message_id(channel="sms"), **forged) == 401  # type: ignore[arg-type]
    assert await texting_house.told("message-delivered") == []


async def test_a_receipt_for_what_was_never_handed_over_is_refused(
    texting_house: House, main: Gateway, api: Caller
) -> None:
    """N8: no such message, or not by this provider: a mail has no receipt of theirs."""
    customer = Customer()
    await texting_house.remind(customer)

    assert await tell(api, UUID(int=4)) == 404
    assert await tell(api, customer.message_id()) == 404


async def test_a_receipt_ends_the_doubt_about_a_message(texting_house: House, main: Gateway, api: Caller) -> None:
    """N4, N8: silence was unknown, then it turns out that the provider had it; it is not asked again."""
    customer = Customer()
    main.script = Answers(closes=True)
    await texting_house.remind(customer)
    text = customer.message_id(channel="sms")
    assert (await texting_house.state(text))[0] == "retrying"

    assert await tell(api, text) == 204

    texting_house.clock.at = NOW + timedelta(hours=5)
    await texting_house.send()
    assert (await texting_house.state(text), len(main.asked)) == (("sent", None), 1)
    assert [each["channel"] for each in await texting_house.told("message-sent")] == ["email", "sms"]


async def test_a_receipt_that_outruns_the_answer_is_no_less_true(
    texting_house: House, main: Gateway, api: Caller
) -> None:
    """N4, N8: the provider reports while its answer is still under way; the holder's late word changes nothing."""
    customer = Customer()
    main.script = Answers(waits=1)
    text = customer.message_id(channel="sms")
    reminding = asyncio.create_task(texting_house.remind(customer))
    while not main.asked:
        await asyncio.sleep(0.01)

    assert await tell(api, text) == 204
    assert await texting_house.state(text) == ("sent", None)
    await reminding

    assert await texting_house.state(text) == ("sent", None)
    assert len(await texting_house.told("message-delivered")) == 1


async def test_a_number_that_is_dead_is_flagged(texting_house: House, main: Gateway, api: Caller) -> None:
    """N8, N9: taken, then not delivered: sent, not arrived; a dead number is told of, a phone that is off is not."""
    customer = Customer()
    await texting_house.remind(customer)
    text = customer.message_id(channel="sms")

    assert await tell(api, text, "undelivered", reason="switched_off") == 204
    assert await texting_house.told("contact-point-invalid") == []
    await texting_house.execute("DELETE FROM receipt")
    assert await tell(api, text, "undelivered", reason="number") == 204

    (invalid,) = await texting_house.told("contact-point-invalid")
    assert (invalid["channel"], invalid["reason"]) == ("sms", "sms_number")
    assert await texting_house.state(text) == ("sent", None)
