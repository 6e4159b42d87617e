from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from shared.observe import trace
from shared.web.tests.service import bearer, build_service
from shared.web.tests.shelf import open_shelf

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_goes_through_and_a_bad_one_is_replaced(base_url: str) -> None:
    """P10: the answer names a span of the caller's trace, or of a new one."""
    answer = httpx.get(f"{base_url}/livez", headers={"traceparent": PARENT})
    assert answer.headers["traceparent"][:36] == PARENT[:36]
    assert answer.headers["traceparent"] != PARENT
    fresh = httpx.get(f"{base_url}/livez", headers={"traceparent": "nonsense"})
    assert trace.parse(fresh.headers["traceparent"]) is not None


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/things/canary?canary=1", 422), ("/canary", 404), ("/v1/fault", 500)]
)
async def test_one_line_per_request_without_what_was_sent(key_file: Path, path: str, status: int) -> None:
    """P10, faults 4.20: route template, status, time and the caller's name; neither path nor query nor body."""
    service = build_service(open_shelf("postgresql+asyncpg://nobody@127.0.0.1:9/nothing"), key_file)
    with capture_logs() as logged:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://test") as client:
            await client.get(path, headers=bearer("erp"))
    (line,) = [each for each in logged if each["event"] == "request"]
    assert line["status"] == status
    assert line["milliseconds"] >= 0
    assert line["caller"] == ("erp" if status == 422 else None)
    assert "canary" not in str(logged)
    assert "secret-value" not in str(logged)
