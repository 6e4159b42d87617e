"""What no HTTP client would send, written to the socket by hand."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.local.ports import free_port
from shared.web import reading
from shared.web.tests.service import KEYS

POST = f"POST /v1/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS['erp']}\r\nContent-Type: application/json\r\n"


@pytest.fixture
def line(base_url: str) -> Iterator[socket.socket]:
    """A raw connection to the service."""
    address = urlsplit(base_url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as connection:
        yield connection


def answer_to(line: socket.socket, request: str) -> tuple[int, str]:
    """The status and the rest of what the server says until it closes the connection."""
    line.sendall(request.encode("latin-1"))
    said = b""
    while data := line.recv(65536):
        said += data
    return int(said.split()[1]), said.decode()


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        pytest.param("GET /livez", f"X-Big: {'a' * 17_000}", 431, id="3.34-17-KiB"),
        pytest.param("GET /livez", "\r\n".join(f"X-{n}: 1" for n in range(200)), 431, id="3.34-200-headers"),
        pytest.param(f"GET /livez?{'a' * 9_000}", "X-Small: 1", 414, id="3.34-address"),
        pytest.param("POST /v1/echo", "Content-Length: 3\r\nTransfer-Encoding: chunked", 400, id="3.36-both-lengths"),
        pytest.param("POST /v1/echo", "Content-Length: 3\r\nContent-Length: 4", 400, id="3.36-two-lengths"),
        pytest.param("GET /livez", "Bad Header: 1", 400, id="header-name"),
    ],
)
def test_heads_that_are_too_large_or_ambiguous(
    line: socket.socket, request_line: str, headers: str, status: int
) -> None:
    """Faults 3.34, 3.36: 431, 414, or 400, and the connection is closed."""
    said, _ = answer_to(line, f"{request_line} HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n")
    assert said == status


def test_a_body_that_drips_is_cut_off(line: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 3.35: the body has 30 s in all (here 0.3), and more only as bytes come."""
    monkeypatch.setattr(reading, "BODY_SECONDS", 0.3)
    started = time.monotonic()
    status, said = answer_to(line, POST + "Content-Length: 100\r\n\r\n{")
    assert (status, "too slowly" in said) == (400, True)
    assert time.monotonic() - started < 15


def test_a_refused_body_leaves_the_connection_in_order(line: socket.socket) -> None:
    """Faults 3.19: what follows a 413 on the same connection is read as the next request."""
    line.sendall((POST + f"Content-Length: 2000000\r\n\r\n{' ' * 2_000_000}").encode())
    status, said = answer_to(line, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status == 413
    assert said.endswith('{"status":"live"}')


def test_row_47_sigterm_lets_requests_finish(tmp_path: Path) -> None:
    """Faults 2.47: what is in flight is answered, then the process exits with 0."""
    port = free_port()
    program = textwrap.dedent(f"""
        from pathlib import Path
        from shared.web.serve import serve
        from shared.web.tests.service import build_service
        from shared.web.tests.shelf import open_shelf
        shelf = open_shelf("postgresql+asyncpg://nobody@127.0.0.1:9/nothing")
        serve(build_service(shelf, Path("keys.json")), host="127.0.0.1", port={port})
    """)
    (tmp_path / "keys.json").write_text("[]")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=environment)
    try:
        answered = asyncio.run(_stop_under_way(process, f"http://127.0.0.1:{port}"))
        assert answered == 200
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()


async def _stop_under_way(process: subprocess.Popen[bytes], url: str) -> int:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        async with asyncio.timeout(60):
            while True:
                try:
                    await client.get("/livez")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
        under_way = asyncio.create_task(client.get("/v1/slow", params={"seconds": 3}))
        await asyncio.sleep(1.5)  # it must have come by then and not be answered yet, on a busy machine too
        os.kill(process.pid, signal.SIGTERM)
        return (await under_way).status_code
