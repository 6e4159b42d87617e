"""A mail server on loopback that does what its script says: takes, refuses, hangs up, or says nothing for a while."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class Script:
    """What the server answers at each command; `close_after_data` takes the mail and then drops the line."""

    greeting: str = "220 sink"
    mail: str = "250 ok"
    rcpt: str = "250 ok"
    rcpt_pause_seconds: float = 0
    data: str = "354 go on"
    end: str = "250 taken"
    close_after_data: bool = False
    drip: bool = False


@dataclass
class Sink:
    """The server's side of the story; `script` may be changed, or be chosen anew for each recipient."""

    script: Script = field(default_factory=Script)
    taken: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    at_data: Callable[[], None] | None = None

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails that were taken, parsed."""
        return [message_from_bytes(each, policy=default) for each in self.taken]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _say(writer, self.script.greeting)
        while line := (await reader.readline()).decode().strip():
            verb = line.upper().split()[0]
            if verb == "DATA":
                if not await self._data(reader, writer):
                    return
                continue
            await asyncio.sleep(self.script.rcpt_pause_seconds if verb == "RCPT" else 0)
            answers = {"MAIL": self.script.mail, "RCPT": self.script.rcpt, "QUIT": "221 bye"}
            await _say(writer, answers.get(verb, "250 sink"))

    async def _data(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await _say(writer, self.script.data)
        if not self.script.data.startswith("354"):
            return True
        content = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
        if self.at_data:
            self.at_data()
        if self.script.end.startswith("250"):
            self.taken.append(content.replace(b"\r\n..", b"\r\n."))
        if self.script.close_after_data:
            return False
        if self.script.drip:
            for character in self.script.end:
                writer.write(character.encode())
                await writer.drain()
                await asyncio.sleep(0.1)
            return True
        await _say(writer, self.script.end)
        return True


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())
    await writer.drain()


@asynccontextmanager
async def running(sink: Sink) -> AsyncIterator[Sink]:
    """Run the server on a free port of loopback."""
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
