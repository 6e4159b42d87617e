"""The proxy does each fault that it promises, or a fault test would prove nothing (faults 2, harness)."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.faults.proxy import Proxy

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Ends]]


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy before a server that says everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Proxy(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


@pytest.fixture
async def connect(proxy: Proxy) -> AsyncIterator[Connect]:
    """Connects to the proxy; what was opened is closed after the test."""
    opened: list[asyncio.StreamWriter] = []

    async def connect() -> Ends:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        opened.append(writer)
        return reader, writer

    yield connect
    for writer in opened:
        writer.transport.abort()


async def _ask(ends: Ends, question: bytes = b"hello", *, seconds: float = 10) -> bytes:
    reader, writer = ends
    writer.write(question)
    async with asyncio.timeout(seconds):
        return await reader.readexactly(len(question))


async def test_what_is_well_carries_everything(proxy: Proxy, connect: Connect) -> None:
    """Both ways, more than one chunk."""
    assert await _ask(await connect(), b"x" * 300_000) == b"x" * 300_000


async def test_down_refuses_and_resets_until_it_is_healed_on_the_same_port(proxy: Proxy, connect: Connect) -> None:
    """Toxiproxy's `down`."""
    standing = await connect()
    await _ask(standing)
    proxy.down()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await _ask(standing)
    with pytest.raises(OSError, match="Connect call failed"):
        await connect()
    await proxy.heal()
    assert await _ask(await connect()) == b"hello"


async def test_reset_ends_what_stands_and_nothing_else(proxy: Proxy, connect: Connect) -> None:
    """Toxiproxy's `reset_peer`."""
    standing = await connect()
    await _ask(standing)
    proxy.reset()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await _ask(standing)
    assert await _ask(await connect()) == b"hello"


async def test_a_blackhole_accepts_and_says_nothing(proxy: Proxy, connect: Connect) -> None:
    """Toxiproxy's `timeout`; what was said meanwhile arrives when it heals, as after a stall of the network."""
    proxy.blackhole()
    ends = await connect()
    with pytest.raises(TimeoutError):
        await _ask(ends, seconds=0.5)
    await proxy.heal()
    assert await _ask(ends, b" again") == b"hello "


async def test_latency_delays(proxy: Proxy, connect: Connect) -> None:
    """Toxiproxy's `latency`, once each way."""
    ends = await connect()
    proxy.latency_seconds = 0.1
    started = time.monotonic()
    await _ask(ends)
    assert time.monotonic() - started >= 0.2


async def test_a_throttled_line_carries_so_many_bytes_a_second(proxy: Proxy, connect: Connect) -> None:
    """Toxiproxy's `bandwidth`, once each way."""
    ends = await connect()
    proxy.bytes_per_second = 10_000
    started = time.monotonic()
    assert await _ask(ends, b"x" * 2_000) == b"x" * 2_000
    assert time.monotonic() - started >= 0.4


async def test_what_is_sliced_arrives_whole(proxy: Proxy, connect: Connect) -> None:
    """Toxiproxy's `slicer`: nobody may take a piece for a message."""
    ends = await connect()
    proxy.piece_bytes = 3
    assert await _ask(ends, b"0123456789") == b"0123456789"


async def test_an_answer_is_cut_once_after_so_many_bytes(proxy: Proxy, connect: Connect) -> None:
    """Toxiproxy's `limit_data`; the next connection is served again."""
    proxy.cut_after(8)
    reader, writer = await connect()
    assert await _ask((reader, writer)) == b"hello"
    writer.write(b"world")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)) as cut:
        await reader.readexactly(5)
    assert not isinstance(cut.value, asyncio.IncompleteReadError) or len(cut.value.partial) <= 3
    assert await _ask(await connect()) == b"hello"
