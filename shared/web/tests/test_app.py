import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import jsonschema
from playwright.async_api import Page, expect
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.web.problem_types import COMMON
from shared.web.tests.service import TAKEN, bearer, build_service
from shared.web.tests.shelf import Shelf


def test_health_without_a_database(base_url: str) -> None:
    """P10, faults 2.48: alive and not ready, and the answer names what is missing."""
    assert httpx.get(f"{base_url}/livez").json() == {"status": "live"}
    ready = httpx.get(f"{base_url}/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"database": "failing"}


async def test_ready_with_a_database(online: httpx.AsyncClient) -> None:
    """P10: all checks pass."""
    assert (await online.get("/readyz")).json() == {"status": "ready", "checks": {"database": "ok"}}


def test_figures_are_by_route_and_never_by_customer(base_url: str) -> None:
    """P10: the time of requests, by template."""
    httpx.get(f"{base_url}/v1/things/0190a0a0-0000-7000-8000-000000000000")
    text = httpx.get(f"{base_url}/metrics").text
    assert 'dueflow_http_request_seconds_count{method="GET",route="/v1/things/{thing_id}",status="401"}' in text
    assert "0190a0a0" not in text
    some = httpx.get(f"{base_url}/metrics", params={"name[]": ["dueflow_unhandled_errors_total", "absent"]}).text
    assert "dueflow_unhandled_errors_total" in some
    assert "dueflow_http_request_seconds" not in some


def test_every_problem_type_is_documented(base_url: str) -> None:
    """P8: the type of a problem leads to its meaning."""
    for kind in (*COMMON, TAKEN):
        page = httpx.get(base_url + kind.uri).json()
        assert (page["type"], page["status"]) == (kind.uri, kind.status)
        assert page["meaning"].endswith(".")
    assert httpx.get(f"{base_url}/problems/none").status_code == 404


def test_openapi_tells_problems_keys_and_limits(base_url: str) -> None:
    """P8: what a generator of clients needs is there, and FastAPI's own 422 is not."""
    document = httpx.get(f"{base_url}/openapi.json").json()
    post = document["paths"]["/v1/things"]["post"]
    for status in ("400", "401", "403", "409", "413", "415", "422", "429", "500", "503"):
        schema = post["responses"][status]["content"]["application/problem+json"]["schema"]
        jsonschema.Draft202012Validator.check_schema(schema)
    assert "/problems/name-taken" in post["responses"]["409"]["description"]
    (key,) = [each for each in post["parameters"] if each["name"] == "Idempotency-Key"]
    assert key["required"] is True
    assert post["security"] == [{"ApiKey": []}]
    assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/ThingBody")
    assert document["paths"]["/v1/imports"]["post"]["x-max-body-bytes"] == 3_000_000
    assert "HTTPValidationError" not in json.dumps(document)


def test_the_api_pages_need_no_download(base_url: str) -> None:
    """P1: /docs and all that it loads come from the service."""
    page = httpx.get(f"{base_url}/docs").text
    assert "https://" not in page
    assert httpx.get(f"{base_url}/static-offline-docs/swagger-ui-bundle.js").status_code == 200


def test_every_answer_carries_the_safe_headers(base_url: str) -> None:
    """Faults 4.26: and no name of a server."""
    answer = httpx.get(f"{base_url}/nothing")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


async def test_row_46_the_same_post_many_times_is_one_thing(online: httpx.AsyncClient) -> None:
    """Faults 2.4, 2.46: a hundred at once and one later, byte for byte the same."""
    headers = {"Idempotency-Key": "one-intent"}
    bodies = ['{"name": "chair"}', '{ "name" : "\\u0063hair" }']
    posts = [
        online.post("/v1/things", content=bodies[n % 2], headers=headers | {"Content-Type": "application/json"})
        for n in range(100)
    ]
    answers = await asyncio.gather(*posts)
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, b'{"name": "chair"}')}
    other = await online.post("/v1/things", json={"name": "table"}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert (await online.get("/v1/things")).json() == {"items": ["chair"], "next_cursor": None}


async def test_a_listing_is_read_page_by_page(online: httpx.AsyncClient) -> None:
    """P8, faults 3.30: each row once, and the cursor opens neither other filters nor another caller's listing."""
    names = [f"thing-{number:02}" for number in range(25)]
    await asyncio.gather(
        *(
            online.post("/v1/things", json={"name": name}, headers={"Idempotency-Key": f"key-of-{name}"})
            for name in names
        )
    )
    seen, cursor = [], None
    while True:
        query = {"limit": "10", "starts": "thing"} | ({"cursor": cursor} if cursor else {})
        page = (await online.get("/v1/things", params=query)).json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert seen == names
    stolen = await online.get("/v1/things", params={"cursor": cursor, "starts": "t"})
    assert (stolen.status_code, stolen.json()["type"]) == (400, "/problems/cursor-invalid")


async def test_row_29_a_thousand_callers_that_hang_up_leave_nothing_behind(
    online: httpx.AsyncClient, shelf: Shelf
) -> None:
    """Faults 2.29: their work is done once, no connection is left inside a transaction, and none is added."""
    names = [f"thing-{number:04}" for number in range(1000)]
    await asyncio.gather(*(online.get("/readyz") for _ in range(50)))
    before = await _connections(shelf)
    patience = itertools.cycle((0.001, 0.005, 0.02, 0.1))

    async def hang_up(name: str, seconds: float) -> bool:
        headers = {"Idempotency-Key": f"key-of-{name}"}
        try:
            await online.post("/v1/things", json={"name": name}, headers=headers, timeout=seconds)
        except httpx.TimeoutException:
            return True
        return False

    for some in _fifties(names):
        assert any(await asyncio.gather(*map(hang_up, some, patience)))
    await _none_is_inside_a_transaction(shelf)
    for some in _fifties(names):
        again = [online.post("/v1/things", json={"name": n}, headers={"Idempotency-Key": f"key-of-{n}"}) for n in some]
        assert {answer.status_code for answer in await asyncio.gather(*again)} == {201}
    assert await shelf.things() == names
    await _none_is_inside_a_transaction(shelf)
    assert (await _connections(shelf)).total() <= before.total() + 1, "the pool has three, and no more were opened"


def _fifties(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[at : at + 50] for at in range(0, len(names), 50))


async def _none_is_inside_a_transaction(shelf: Shelf) -> None:
    """Return once this is so: the work of the last who hung up may be under way still."""
    async with asyncio.timeout(60):
        while not (await _connections(shelf)).keys() <= {"idle", "active"}:
            await asyncio.sleep(0.05)


async def _connections(shelf: Shelf) -> Counter[str]:
    """Return how many sessions of this database are in which state."""
    question = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND state IS NOT NULL"
    async with shelf.engine.connect() as connection:
        return Counter(await connection.scalars(text(question)))


async def test_row_28_an_exhausted_pool_is_a_503(database: str, key_file: Path) -> None:
    """Faults 2.28: with Retry-After, after the time that the pool was told to wait."""
    shelf = Shelf(create_async_engine(database, pool_size=1, max_overflow=0, pool_timeout=0.1))
    service = build_service(shelf, key_file)
    service.state.shelf = shelf
    async with (
        shelf.engine.connect(),
        httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://test") as client,
    ):
        answer = await client.get("/v1/things", headers=bearer("erp"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    await shelf.engine.dispose()


async def test_the_api_page_works_without_a_network(base_url: str, page: Page) -> None:
    """P8 in Chromium: every operation is listed, and nothing is fetched from elsewhere."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{base_url}/docs")
    paths = (await (await page.request.get(f"{base_url}/openapi.json")).json())["paths"].values()
    await expect(page.locator(".opblock")).to_have_count(sum(len(operations) for operations in paths))
    assert all(url.startswith((base_url, "data:")) for url in asked)
