"""The mailbox tells what became of text messages as docs/sms.md asks of a provider (N8)."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.environment import SMS_VARIABLE, Installation
from deploy.local.mailbox.pages import create_app
from deploy.local.mailbox.receipts import Receipts, fate_of
from deploy.local.mailbox.store import MailStore
from deploy.local.mailbox.texts import Text, TextStore
from services.notifications.gateways.signatures import is_signed
from shared.clock import FixedClock

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = "of this run"


class Hearer:
    """Who hears receipts on a port of loopback: the head and the content of each."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one receipt."""
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().splitlines()
        head = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        self.heard.append((head, await reader.readexactly(int(head["content-length"]))))
        writer.write(b"HTTP/1.1 204 Heard\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


def _text(to: str, words: str = "please pay") -> Text:
    return Text(number=1, received_at="", reference="m-1", to=to, template_id="T", text=words)


def test_most_arrive_and_a_few_do_not_and_it_is_always_the_same_ones() -> None:
    """N8: a dead number is dead for whatever is sent to it; a phone that is off is on for other words."""
    numbers = [f"+8613800{n:06}" for n in range(2000)]
    fates = [fate_of(_text(each)) for each in numbers]
    assert fates == [fate_of(_text(each)) for each in numbers]
    counts = Counter(each.reason for each in fates)
    assert 30 < counts["number"] < 90
    assert 45 < counts["switched_off"] < 115
    later = [fate_of(_text(each, "please pay now")) for each in numbers]
    assert all((old.reason == "number") == (new.reason == "number") for old, new in zip(fates, later, strict=True))
    assert [each.reason for each in fates] != [each.reason for each in later]


async def test_a_receipt_is_told_before_the_answer_and_signed(tmp_path: Path) -> None:
    """N8: by the rules of docs/sms.md, once for each time it is asked; whoever does not hear it loses nothing else."""
    hearer, clock = Hearer(), FixedClock(NOW)
    server = await asyncio.start_server(hearer.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/sms-receipts/local"
    receipts = Receipts(url=url, secret=SECRET, clock=clock)
    app = create_app(MailStore(tmp_path, clock=clock), TextStore(tmp_path, clock=clock), receipts=receipts)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
    asked = {"reference": "m-1", "to": "+8613800000001", "template_id": "T1", "text": "please pay"}
    assert (await client.post("/api/texts", json=asked)).json() == {"status": "accepted", "id": "1"}

    ((head, content),) = hearer.heard
    assert json.loads(content) == {
        "reference": "m-1",
        "status": "delivered",
        "reason": None,
        "at": NOW.isoformat(),
    }
    assert is_signed(
        SECRET,
        webhook_id=head["webhook-id"],
        timestamp=head["webhook-timestamp"],
        signatures=head["webhook-signature"],
        content=content,
        now_seconds=NOW.timestamp(),
    )
    assert "delivered" in (await client.get("/texts")).text
    server.close()
    assert (await client.post("/api/texts", json=asked)).status_code == 200


def _installation(**chosen: Any) -> Installation:
    shared: dict[str, Any] = {"bootstrap": "", "topic_prefix": "", "partitions": 2, "api_keys_file": Path("keys")}
    return Installation(**shared, mailbox_ports=(8025, 1025), receipt_secret=SECRET, **chosen)


def test_the_mailbox_tells_receipts_only_where_it_is_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """N8: with a provider of the user's, or without notifications, it only catches."""
    monkeypatch.delenv(SMS_VARIABLE, raising=False)
    told = _installation().mailbox_environment({"DUEFLOW_PORT": "8004"})
    assert told["DUEFLOW_SMS_RECEIPTS_URL"] == "http://127.0.0.1:8004/v1/sms-receipts/local"
    assert told["DUEFLOW_SMS_RECEIPT_SECRET"] == SECRET
    assert "DUEFLOW_SMS_RECEIPTS_URL" not in _installation().mailbox_environment(None)
    monkeypatch.setenv(SMS_VARIABLE, "[]")
    assert "DUEFLOW_SMS_RECEIPTS_URL" not in _installation().mailbox_environment({"DUEFLOW_PORT": "8004"})
