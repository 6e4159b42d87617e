"""The provider's moods, and what each says about the fate of a text message (N1, faults 2.44)."""

import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from services.notifications.domain.message import Outcome
from services.notifications.gateways.circuits import FAILURES, PAUSE_SECONDS, Circuits
from services.notifications.gateways.parcels import Parcel
from services.notifications.gateways.sms import MAX_ANSWER_BYTES, Texting, request_body
from services.notifications.tests.text_gateway import ACCEPTED, Answers, Gateway, answering

BODY = request_body(
    reference=str(UUID(int=1)), recipient="+8613812345678", template_id="T1", text="Pay", variables={"total": "1"}
)
PARCEL = Parcel(channel="sms", provider="main", recipient="+8613812345678", content=BODY)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A provider that accepts everything, until a test changes its script."""
    async with answering(Gateway()) as made:
        yield made


async def ask(gateway: Gateway, *, seconds: float = 2, fresh: float = 60) -> Outcome:
    """Hand one message over."""
    texting = Texting([gateway.provider()], message_seconds=seconds)
    key = (UUID(int=1), 1)
    return (await texting.hand_over({key: PARCEL}, begin_before=time.monotonic() + fresh))[key]


async def test_a_message_that_is_accepted_went_byte_by_byte(gateway: Gateway) -> None:
    """N1, N8: what is recorded is what is posted: reference, number, template, typed variables."""
    assert await ask(gateway) == Outcome(kind="taken", code=200, answer="m-1")
    assert gateway.raw == [BODY]
    assert gateway.asked[0]["variables"] == {"total": "1"}


@pytest.mark.parametrize(
    ("script", "kind", "elsewhere"),
    [
        (Answers(status=202), "taken", False),
        (Answers(body='{"status": "rejected", "reason": "number"}'), "refused", False),
        (Answers(body="OK"), "unknown", False),
        (Answers(body="x" * (MAX_ANSWER_BYTES + 9)), "unknown", False),
        (Answers(status=429), "deferred", False),
        (Answers(status=503, headers={"Retry-After": "30"}), "deferred", False),
        (Answers(status=503), "deferred", True),
        (Answers(status=401), "deferred", True),
        (Answers(status=302, headers={"Location": "http://127.0.0.1:9/"}), "deferred", True),
        (Answers(status=400), "refused", False),
        (Answers(status=500), "unknown", False),
        (Answers(status=502, body=ACCEPTED), "unknown", False),
        (Answers(status=500, body='{"status": "rejected"}'), "deferred", True),
        (Answers(closes=True), "unknown", False),
    ],
)
async def test_row_44_each_answer_says_what_it_says(
    gateway: Gateway, script: Answers, kind: str, *, elsewhere: bool
) -> None:
    """Faults 2.44: only a clear word counts; a success without one is unknown, and so is silence after the content."""
    gateway.script = script

    outcome = await ask(gateway)

    assert (outcome.kind, outcome.elsewhere) == (kind, elsewhere)


@pytest.mark.parametrize(("reason", "blames"), [("number", True), ("template", False), ("content", False)])
async def test_a_refusal_blames_the_number_only_if_the_provider_does(
    gateway: Gateway, reason: str, *, blames: bool
) -> None:
    """N1: a template that the provider does not know is no reason to give up a number."""
    gateway.script = Answers(status=422, body=f'{{"status": "rejected", "reason": "{reason}"}}')

    outcome = await ask(gateway)

    assert (outcome.reason, outcome.blames_address) == (f"sms_{reason}", blames)


async def test_row_44_a_provider_that_says_when_is_asked_then(gateway: Gateway) -> None:
    """Faults 2.44: honor Retry-After."""
    gateway.script = Answers(status=429, headers={"Retry-After": "120"})

    assert (await ask(gateway)).retry_after_seconds == 120


async def test_row_44_a_slow_provider_is_left_after_the_overall_deadline(gateway: Gateway) -> None:
    """Faults 2.44: hangs; what was begun is unknown."""
    gateway.script = Answers(waits=60)
    began = time.monotonic()

    assert (await ask(gateway, seconds=2)).kind == "unknown"
    assert time.monotonic() - began < 20


async def test_a_provider_that_is_not_there_has_taken_nothing() -> None:
    """N1: no connection, so certainly not taken; another one may be asked at once."""
    outcome = await ask(Gateway(port=9))

    assert (outcome.kind, outcome.elsewhere) == ("deferred", True)


async def test_what_grew_old_is_not_begun(gateway: Gateway) -> None:
    """N5: nothing goes out on positions that are no longer fresh."""
    assert (await ask(gateway, fresh=-1)).kind == "not_begun"
    assert gateway.raw == []


def test_a_provider_that_fails_again_and_again_is_left_alone_for_a_while() -> None:
    """N1: an open circuit lets the second provider go first; a success closes it."""
    circuits = Circuits()
    for _ in range(FAILURES):
        assert circuits.choose(["main", "spare"], now=0) == "main"
        circuits.note("main", failed=True, now=0)

    assert circuits.choose(["main", "spare"], now=1) == "spare"
    assert circuits.choose(["main"], now=1) == "main"
    assert circuits.choose(["main", "spare"], now=PAUSE_SECONDS) == "main"
    circuits.note("main", failed=False, now=PAUSE_SECONDS)
    circuits.note("main", failed=True, now=PAUSE_SECONDS)
    assert circuits.choose(["main", "spare"], now=PAUSE_SECONDS) == "main"
