import json
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from structlog.testing import capture_logs

from shared.web.app import create_app
from shared.web.cursor import Cursors
from shared.web.keys import KeyFile, RateLimit, key_entry, new_key
from shared.web.routing import router, undeclared_routes
from shared.web.tests.service import KEYS, bearer, build_service, things
from shared.web.tests.shelf import open_shelf

ID = "0190a0a0-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong-key", f"Basic {KEYS['erp']}", KEYS["erp"], "Bearer é"]
)
def test_without_a_known_key_nothing_is_told(base_url: str, header: str | None) -> None:
    """P9, faults 4.9: 401 with WWW-Authenticate, before query or body are looked at."""
    headers = {} if header is None else {"Authorization": header.encode()}
    answer = httpx.post(f"{base_url}/v1/echo?unknown=1", content=b"{", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert answer.json()["type"] == "/problems/unauthenticated"


@pytest.mark.parametrize(
    ("caller", "method", "path", "allowed"),
    [
        ("reader", "GET", f"/v1/things/{ID}", True),
        ("reader", "POST", "/v1/echo", False),
        ("reader", "PUT", f"/v1/things/{ID}", False),
        ("erp", "POST", "/v1/echo", True),
        ("erp", "PUT", f"/v1/things/{ID}", False),
        ("boss", "PUT", f"/v1/things/{ID}", True),
    ],
)
def test_a_key_does_what_its_scopes_say(base_url: str, caller: str, method: str, path: str, *, allowed: bool) -> None:
    """P9, faults 4.2: each operation needs its scope; 403 is a problem of its own."""
    answer = httpx.request(method, base_url + path, headers=bearer(caller))
    assert (answer.status_code != 403) is allowed
    assert allowed or answer.json()["type"] == "/problems/forbidden"


def test_every_route_declares_its_access(key_file: Path) -> None:
    """P9, faults 4.2: the walk over all routes finds none without a declaration."""
    app = build_service(open_shelf("postgresql+asyncpg://nobody@127.0.0.1:9/nothing"), key_file)
    assert undeclared_routes(app) == []


@pytest.mark.parametrize("make", [router, APIRouter])
def test_a_route_without_a_declaration_fails_the_build(key_file: Path, make: type[APIRouter]) -> None:
    """P9: also one that was added past the strict routes."""
    careless = make(prefix="/v1")
    careless.add_api_route("/careless", lambda: None)
    with pytest.raises(ValueError, match="GET /v1/careless"):
        create_app(
            title="t",
            version="1",
            description="d",
            routers=[things, careless],
            keys=KeyFile(key_file),
            cursors=Cursors(b"s"),
            readiness={},
        )


def test_keys_change_while_the_service_runs(tmp_path: Path) -> None:
    """P9: two live keys of one name for rotation; a revoked one ends at once; a broken file changes nothing."""
    old, new = new_key(), new_key()
    path = tmp_path / "keys.json"
    path.write_text(json.dumps([key_entry("erp", old, frozenset({"read"}))]))
    known = KeyFile(path)
    path.write_text(json.dumps([key_entry("erp", key, frozenset({"read"})) for key in (old, new)]))
    assert [getattr(known.caller(key), "name", None) for key in (old, new)] == ["erp", "erp"]
    path.write_text(json.dumps([key_entry("erp", new, frozenset({"read"}))]))
    assert known.caller(old) is None
    with capture_logs() as logged:
        path.write_text("[{")
        assert known.caller(new) is not None
        path.unlink()
        assert known.caller(new) is not None
    assert {line["event"] for line in logged} == {"api_keys_unreadable"}


def test_the_file_holds_no_key(tmp_path: Path) -> None:
    """P9: only the SHA-256, and a start without a readable file is refused."""
    key = new_key()
    assert key not in json.dumps(key_entry("erp", key, frozenset({"read"})))
    with pytest.raises(FileNotFoundError):
        KeyFile(tmp_path / "none.json")


def test_a_caller_spends_its_own_tokens_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """P8, faults 4.10: two seconds' worth at once, then at the rate, each caller for itself."""
    now = 100.0
    monkeypatch.setattr("shared.web.keys.time.monotonic", lambda: now)
    limit = RateLimit(5)
    assert [limit.spend("erp") for _ in range(10)] == [0.0] * 10
    assert limit.spend("erp") == pytest.approx(0.2)
    assert limit.spend("other") == 0.0
    now += 0.2
    assert limit.spend("erp") == 0.0
    assert limit.spend("erp") > 0


async def test_beyond_the_rate_is_a_429(key_file: Path) -> None:
    """Faults 4.10: with Retry-After; what a client says about its address changes nothing."""
    shelf = open_shelf("postgresql+asyncpg://nobody@127.0.0.1:9/nothing")
    transport = httpx.ASGITransport(build_service(shelf, key_file, rate_per_second=1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=bearer("erp")) as client:
        answers = [await client.get(f"/v1/things/{ID}", headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [409, 409, 429]
    assert answers[2].headers["retry-after"] == "1"
