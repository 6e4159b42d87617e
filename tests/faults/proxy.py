"""A TCP proxy that stands in an arrow between two processes and fails on demand: down, reset, silent, slow, cut."""

import asyncio
import socket
import struct
from types import TracebackType
from typing import Self

from deploy.local.ports import free_port

_CHUNK_BYTES = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a loopback port of its own and carries bytes to and from `port_behind` as long as it is well.

    `latency_seconds` delays each piece, `bytes_per_second` throttles each direction of a connection, and `piece_bytes`
    slices what is sent into pieces as small as a bad line makes them.
    """

    def __init__(self, port_behind: int) -> None:
        self.port = free_port()
        self.port_behind = port_behind
        self.latency_seconds = 0.0
        self.bytes_per_second: int | None = None
        self.piece_bytes = _CHUNK_BYTES
        self._answer_bytes_left: int | None = None
        self._speaks = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.heal()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def down(self) -> None:
        """Refuse new connections and reset those that stand."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()

    def reset(self) -> None:
        """Reset the connections that stand; new ones are welcome."""
        for connection in list(self._connections):
            _reset(connection)

    def blackhole(self) -> None:
        """Accept everything, and let no byte through."""
        self._speaks.clear()

    def cut_after(self, answer_bytes: int) -> None:
        """Reset the connection on which the answers exceed so many bytes from now; once."""
        self._answer_bytes_left = answer_bytes

    async def heal(self) -> None:
        """Carry everything again, at full speed and on the same port."""
        self.latency_seconds, self.bytes_per_second, self.piece_bytes = 0.0, None, _CHUNK_BYTES
        self._answer_bytes_left = None
        self._speaks.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            reader_behind, writer_behind = await asyncio.open_connection("127.0.0.1", self.port_behind)
            ends.append(writer_behind)
            self._connections.update(ends)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, writer_behind, answers=False))
                pumps.create_task(self._pump(reader_behind, writer, answers=True))
        except (OSError, ExceptionGroup):
            for end in ends:  # one side has gone; so must the other
                _reset(end)
        finally:
            self._connections.difference_update(ends)
            for end in ends:
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await reader.read(self.piece_bytes):
            await asyncio.sleep(self.latency_seconds)
            if self.bytes_per_second:
                await asyncio.sleep(len(data) / self.bytes_per_second)
            await self._speaks.wait()
            allowed = self._allowed(len(data)) if answers else len(data)
            writer.write(data[:allowed])
            await writer.drain()
            if allowed < len(data):
                raise ConnectionResetError
        writer.write_eof()

    def _allowed(self, count: int) -> int:
        """Return how many of the next `count` bytes of answers may pass; too few means that this is the cut."""
        if self._answer_bytes_left is None:
            return count
        allowed = min(count, self._answer_bytes_left)
        self._answer_bytes_left = None if allowed < count else self._answer_bytes_left - count
        return allowed


def _reset(connection: asyncio.StreamWriter) -> None:
    if connection.transport.is_closing():
        return
    connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    connection.transport.abort()
