"""A text message provider on loopback that does what its script says: accepts, refuses, is slow, hangs up, repeats."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import AnyHttpUrl, SecretStr

from services.notifications.gateways.rendering import FOLDER
from services.notifications.gateways.sms import Provider

ACCEPTED = '{"status": "accepted", "id": "m-1"}'
SECRET = "receipts of tests"


@dataclass
class Answers:
    """What the provider answers; `closes` takes the request and hangs up without a word."""

    status: int = 200
    body: str = ACCEPTED
    headers: dict[str, str] = field(default_factory=dict)
    closes: bool = False
    waits: float = 0


@dataclass
class Gateway:
    """The provider's side of the story."""

    name: str = "main"
    script: Answers = field(default_factory=Answers)
    asked: list[dict[str, Any]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    port: int = 0

    def provider(self, *, keeps_references: bool = False) -> Provider:
        """Return the provider as an installation knows it."""
        return Provider(
            name=self.name,
            url=AnyHttpUrl(f"http://127.0.0.1:{self.port}/send"),
            token=SecretStr("token"),
            receipt_secret=SecretStr(SECRET),
            keeps_references=keeps_references,
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, request after request."""
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(int(line.split(":")[1]) for line in head.splitlines() if line.startswith("content-length"))
        content = await reader.readexactly(length)
        assert "authorization: bearer token" in head
        self.raw.append(content)
        self.asked.append(json.loads(content))
        script = self.script
        await asyncio.sleep(script.waits)
        if script.closes:
            return False
        headers = {"Content-Length": str(len(script.body)), **script.headers}
        lines = [f"HTTP/1.1 {script.status} Said", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + script.body).encode())
        await writer.drain()
        return True


@asynccontextmanager
async def answering(gateway: Gateway) -> AsyncIterator[Gateway]:
    """Run the provider on a free port of loopback."""
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()


def approved_by(folder: Path, *providers: str) -> Path:
    """Write the built-in texts as these providers have approved them."""
    line = "local: {template_id: "
    text = (FOLDER / "sms.yaml").read_text(encoding="utf-8")
    path = folder / "sms.yaml"
    lines = []
    for each in text.splitlines():
        if line in each:
            lines += [each.replace("local:", f"{provider}:") for provider in providers]
        else:
            lines.append(each)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
