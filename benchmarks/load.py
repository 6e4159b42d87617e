"""Sends prepared HTTP requests over a few kept connections, so lean that the server is what is measured."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles

from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Load:
    """How a number of requests went: the seconds of all together, and of each."""

    seconds: float
    latencies: Sequence[float]

    @property
    def per_second(self) -> float:
        """Return the requests per second."""
        return len(self.latencies) / self.seconds

    def milliseconds(self, rank: int) -> float:
        """Return within how long `rank` per cent of the requests were answered."""
        return quantiles(self.latencies, n=100)[rank - 1] * 1000


def request(method: str, path: str, *, key: str, body: bytes = b"", media_type: str = "application/json") -> bytes:
    """Return the bytes of a request with an Idempotency-Key that no other has."""
    head = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {key}",
        f"Idempotency-Key: {new_id()}",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


async def drive(port: int, requests: Sequence[bytes], *, connections: int) -> Load:
    """Send all requests, on each connection one at a time; raise where one is not answered with a 2xx."""
    waiting = iter(requests)
    started = time.perf_counter()
    latencies = await asyncio.gather(*(_connection(port, waiting) for _ in range(connections)))
    seconds = time.perf_counter() - started
    return Load(seconds, [each for part in latencies for each in part])


async def _connection(port: int, waiting: Iterator[bytes]) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies = []
    for each in waiting:
        started = time.perf_counter()
        writer.write(each)
        await _answer(reader)
        latencies.append(time.perf_counter() - started)
    writer.close()
    await writer.wait_closed()
    return latencies


async def _answer(reader: asyncio.StreamReader) -> None:
    status, *fields = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    length = next(int(each.partition(":")[2]) for each in fields if each.lower().startswith("content-length:"))
    body = await reader.readexactly(length)
    if status.split(" ")[1][0] != "2":
        raise RuntimeError(f"{status} {body[:500].decode()}")
