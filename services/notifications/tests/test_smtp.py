"""The mail server's moods, and what each says about the fate of a mail (N1, faults 2.39-2.42)."""

import asyncio
import time
from uuid import UUID

import pytest

from services.notifications.domain.message import Outcome
from services.notifications.gateways.parcels import Parcel
from services.notifications.gateways.smtp import PARALLEL, Server, send_mails
from services.notifications.tests.mail_sink import Script, Sink

MAIL = Parcel(recipient="ap@customer.test", content=b"Subject: s\r\n\r\nText\r\n.\r\nmore\r\n")


async def send(sink: Sink, *, mails: int = 1, seconds: float = 20, fresh: float = 60) -> list[Outcome]:
    """Send so many mails."""
    server = Server(host="127.0.0.1", port=sink.port, tls="none", sender="ar@dueflow.test", mail_seconds=seconds)
    keys = [(UUID(int=number), 1) for number in range(mails)]
    found = await send_mails(server, dict.fromkeys(keys, MAIL), begin_before=time.monotonic() + fresh)
    return [found[each] for each in keys]


async def test_a_mail_that_is_taken_arrives_byte_by_byte(sink: Sink) -> None:
    """N1: a line of a single dot included."""
    assert await send(sink) == [Outcome(kind="taken", code=250, answer="taken")]
    assert sink.taken == [MAIL.content]


async def test_many_mails_share_four_connections(sink: Sink) -> None:
    """N1: a thousand mails do not open a thousand connections."""
    outcomes = await send(sink, mails=50)

    assert [each.kind for each in outcomes] == ["taken"] * 50
    assert sink.connections <= PARALLEL
    assert len(sink.taken) == 50


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (Script(greeting="421 busy"), "deferred"),
        (Script(greeting="554 not you"), "deferred"),
        (Script(mail="451 later"), "deferred"),
        (Script(mail="550 sender unknown"), "deferred"),
        (Script(rcpt="450 mailbox busy"), "deferred"),
        (Script(rcpt="452 full"), "deferred"),
        (Script(rcpt="550 no such user"), "refused"),
        (Script(data="451 later"), "deferred"),
        (Script(end="451 later"), "deferred"),
        (Script(end="550 content refused"), "refused"),
        (Script(end="552 too big"), "refused"),
        (Script(close_after_data=True), "unknown"),
    ],
)
async def test_rows_39_40_and_41_each_refusal_says_what_it_says(sink: Sink, script: Script, expected: str) -> None:
    """Faults 2.39-2.41: 4xx is later, 5xx is final for a recipient and not for us; silence after the dot is unknown."""
    sink.script = script

    (outcome,) = await send(sink)

    assert outcome.kind == expected
    assert (outcome.code is None) == (expected == "unknown")


async def test_row_42_a_server_that_drips_is_left_after_the_overall_deadline(sink: Sink) -> None:
    """Faults 2.42: one deadline for the whole mail, and what was begun is unknown."""
    sink.script = Script(drip=True, end=f"250 taken{' and remembered for ever' * 20}")  # in 48 s
    began = time.monotonic()

    (outcome,) = await send(sink, seconds=2)

    assert outcome.kind == "unknown"
    assert time.monotonic() - began < 20


async def test_a_server_that_is_not_there_has_taken_nothing() -> None:
    """N1: no connection, so certainly not delivered."""
    (outcome,) = await send(Sink(port=9))

    assert outcome.kind == "deferred"


async def test_a_used_line_that_the_server_has_closed_is_replaced(sink: Sink) -> None:
    """N1: a server that limits mails per connection costs nothing but a new connection."""
    original = sink.serve

    async def one_mail_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        before = len(sink.taken)
        task = asyncio.create_task(original(reader, writer))
        while len(sink.taken) == before and not task.done():
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        writer.close()
        await task

    sink.serve = one_mail_only  # type: ignore[method-assign]
    outcomes = await send(sink, mails=6)

    assert [each.kind for each in outcomes] == ["taken"] * 6


async def test_what_grew_old_in_the_queue_is_not_begun(sink: Sink) -> None:
    """N5, faults 6.13: nothing goes out on positions that are no longer fresh."""
    outcomes = await send(sink, mails=3, fresh=-1)

    assert {each.kind for each in outcomes} == {"not_begun"}
    assert sink.connections == 0


async def test_a_server_that_lets_us_wait_gets_no_content_that_has_grown_old(sink: Sink) -> None:
    """N5: what was heard since could forbid it; nothing was sent, so it is decided on anew after a pause."""
    sink.script = Script(rcpt_pause_seconds=2)

    (outcome,) = await send(sink, seconds=30, fresh=1)

    assert (outcome.kind, outcome.answer) == ("deferred", "TooSlow")
    assert sink.taken == []


async def test_a_mail_that_waited_behind_others_is_only_not_begun(sink: Sink) -> None:
    """N5: the line works, so the next round begins with it at once."""
    sink.script = Script(rcpt_pause_seconds=1)

    outcomes = await send(sink, mails=PARALLEL + 1, seconds=30, fresh=1.9)  # long for one pause, too short for two

    assert [each.kind for each in outcomes] == ["taken"] * PARALLEL + ["not_begun"]
