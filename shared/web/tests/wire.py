"""A TCP proxy before PostgreSQL that can cut the line, at once or just when the server reports a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL


class Wire:
    """Forwards bytes until it is told to cut."""

    def __init__(self, upstream: URL) -> None:
        self._upstream = upstream
        self._writers: set[asyncio.StreamWriter] = set()
        self.cut_commits = 0
        self.down = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        if self.down:
            writer.close()
            return
        server_reader, server_writer = await asyncio.open_connection(self._upstream.host, self._upstream.port)
        self._writers |= {writer, server_writer}
        await asyncio.gather(self._copy(reader, server_writer), self._copy(server_reader, writer, watched=True))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, watched: bool = False) -> None:
        try:
            while data := await reader.read(65536):
                if watched and self.cut_commits and b"COMMIT\x00" in data:
                    self.cut_commits -= 1
                    self.cut()
                    return
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def cut(self) -> None:
        """Close every connection without a word."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()


@asynccontextmanager
async def wire_to(upstream: URL) -> AsyncIterator[tuple[Wire, URL]]:
    """A wire, and the URL that leads through it."""
    wire = Wire(upstream)
    listener = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield wire, upstream.set(host="127.0.0.1", port=port)
    finally:
        wire.cut()
        listener.close()
        await listener.wait_closed()
