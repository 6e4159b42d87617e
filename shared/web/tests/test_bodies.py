import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 20_000 + b"]" * 20_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b'{"amount":NaN}', 400, id="3.1-nan"),
        pytest.param(b'{"amount":-Infinity}', 400, id="3.1-infinity"),
        pytest.param(b'{"amount":1e400}', 400, id="3.1-out-of-range"),
        pytest.param(b'{"count":' + b"9" * 5000 + b"}", 400, id="3.7-5000-digits"),
        pytest.param(b'{"name":"a","name":"b"}', 400, id="3.21-repeated-key"),
        pytest.param(DEEP, 400, id="3.22-deep"),
        pytest.param(b'{"name":"\xff"}', 400, id="3.23-bad-utf8"),
        pytest.param('{"name":"a"}'.encode("utf-16"), 400, id="3.23-utf16"),
        pytest.param('{"name":"a"}'.encode("utf-16-le"), 400, id="3.23-utf16-without-bom"),
        pytest.param(b'\xef\xbb\xbf{"name":"a"}', 400, id="3.23-bom"),
        pytest.param(b'{"name":"a"', 400, id="cut-off"),
        pytest.param(b'{"name":"a\\u0000"}', 422, id="3.15-nul"),
        pytest.param(b'{"name":"a\x00"}', 400, id="3.15-raw-nul"),
        pytest.param(b'{"name":"\\ud800"}', 422, id="3.16-lone-surrogate"),
        pytest.param(b'{"\\ud800":1}', 422, id="3.16-lone-surrogate-in-a-key"),
        pytest.param(b"", 422, id="3.24-empty"),
        pytest.param(b"null", 422, id="3.24-null"),
        pytest.param(b"[]", 422, id="3.24-array"),
    ],
)
def test_bodies_that_are_not_strict_json(erp: httpx.Client, body: bytes, status: int) -> None:
    """Faults 3.1, 3.7, 3.15, 3.16, 3.21 to 3.24: named answers, never a 500 and never the input."""
    answer = erp.post("/v1/echo", content=body, headers=JSON)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        pytest.param("amount", "NaN", id="3.2-nan"),
        pytest.param("amount", "Infinity", id="3.2-infinity"),
        pytest.param("amount", 12345678901234567.89, id="3.3-float"),
        pytest.param("amount", 5, id="3.3-number"),
        pytest.param("price", {"amount": "1.5", "currency": "JPY"}, id="3.4-yen-have-no-decimals"),
        pytest.param("price", {"amount": "10.005", "currency": "EUR"}, id="3.4-euro-have-two"),
        pytest.param("price", {"amount": "1.0005", "currency": "KWD"}, id="3.4-dinar-have-three"),
        *(
            pytest.param("amount", text, id=f"3.5-{text!r}")
            for text in ("1e-400", "1e3", "1_000.00", " 5.00 ", "５.00", "5.00\n", "5.", ".5", "+5", "0x5", "")
        ),
        *(pytest.param("paid", text, id=f"3.6-{text}") for text in ("-1.00", "0", "0.00", "-0.00")),
        pytest.param("amount", "1" + "0" * 20, id="3.7-too-many-units"),
        pytest.param("count", 2**70, id="3.7-int64"),
        *(pytest.param("currency", code, id=f"3.8-{code}") for code in ("eur", "XXX", "DEM", "EURO", "€")),
        pytest.param("count", True, id="3.11-bool-for-number"),
        pytest.param("count", "7", id="3.11-string-for-number"),
        pytest.param("count", 7.0, id="3.11-float-for-number"),
        pytest.param("flag", 1, id="3.11-number-for-bool"),
        pytest.param("due_date", 86400, id="3.11-number-for-date"),
        pytest.param("due_date", "86400", id="3.11-digits-for-date"),
        pytest.param("due_date", "2026-03-31T00:00:00", id="3.11-time-for-date"),
        pytest.param("due_date", "2026-02-30", id="no-such-date"),
        pytest.param("occurred_at", 86400, id="3.11-number-for-time"),
        pytest.param("occurred_at", "86400", id="3.11-digits-for-time"),
        pytest.param("occurred_at", "2026-03-31T10:00:00", id="3.12-naive"),
        pytest.param("occurred_at", "2026-03-31T25:00:00Z", id="no-such-time"),
        *(pytest.param("due_date", f"{year}-01-01", id=f"3.13-{year}") for year in ("0000", "1800", "9999", "2130")),
        pytest.param("zone", "Mars/Olympus", id="3.14-zone"),
        pytest.param("country", "cn", id="country-lower-case"),
        pytest.param("country", "EU", id="no-country"),
        *(
            pytest.param("name", f"a{character}b", id=f"3.17-{character!r}")
            for character in ("\r", "\n", "\t", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f", "\x1b", "\x85")
        ),
        pytest.param("name", "   ", id="blank"),
        pytest.param("note", "a\u202eb", id="3.17-bidi-in-a-note"),
        pytest.param("name", "x" * 81, id="3.18-too-long"),
        pytest.param("id", "1", id="3.20-unknown-member"),
        pytest.param("customer_id", "7", id="not-a-uuid"),
    ],
)
def test_values_that_mean_nothing_or_something_else(erp: httpx.Client, member: str, value: Any) -> None:
    """Faults 3.2 to 3.20: refused with a pointer, and the value is never sent back."""
    answer = erp.post("/v1/echo", json={member: value})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["pointer"].startswith("" if member == "id" else f"/{member}")
    assert set(error) == {"pointer", "detail"}


def test_what_is_right_is_read_as_it_was_written(erp: httpx.Client) -> None:
    """P8: amounts stay text, times come back in UTC, lines keep every character that can be shown."""
    sent = {
        "amount": "-0.10",
        "paid": "999999999999999.9999",
        "price": {"amount": "1.005", "currency": "KWD"},
        "currency": "CNY",
        "count": 2**40,
        "flag": True,
        "due_date": "2026-02-28",
        "occurred_at": "2026-03-31T12:00:00.5+02:00",
        "customer_id": "0190a0a0-0000-7000-8000-000000000000",
        "name": "株式会社 {{7*7}} <script> =HYPERLINK( 𝄞",
        "note": "one\r\ntwo\tthree",
        "country": "CN",
        "zone": "Asia/Shanghai",
    }
    answer = erp.post("/v1/echo", json=sent)
    assert answer.status_code == 200
    assert answer.json() == {**sent, "occurred_at": "2026-03-31T10:00:00.500000Z"}


def test_a_hundred_thousand_unknown_members_are_one_error(erp: httpx.Client) -> None:
    """Faults 3.20: the answer stays small, and names nothing that was sent."""
    body = json.dumps({f"k{number}": 1 for number in range(60_000)})
    answer = erp.post("/v1/echo", content=body, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "", "detail": "Unknown member"}]


def test_at_most_twenty_errors_and_no_input(erp: httpx.Client) -> None:
    """P8: a problem never echoes input."""
    answer = erp.post("/v1/echo", json={"name": "canary\n", "customer_id": "canary", "zone": "canary", "canary": 1})
    assert answer.status_code == 422
    assert "canary" not in answer.text
    assert len(answer.json()["errors"]) == 4


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "nonsense"},
        {},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_formats_are_a_415(erp: httpx.Client, headers: dict[str, str]) -> None:
    """Faults 3.25, 3.26: only what the operation documents, uncompressed."""
    answer = erp.post("/v1/echo", content=b'{"name":"a"}', headers=headers)
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_above_the_limit_is_a_413(erp: httpx.Client, *, chunked: bool) -> None:
    """Faults 3.18, 3.19: with Content-Length and in chunks, before the body is read to its end."""

    def stream() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 32_768

    content = stream() if chunked else b" " * (1024 * 1024 + 1)
    answer = erp.post("/v1/echo", content=content, headers=JSON)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_import_has_its_own_limit_and_format(erp: httpx.Client) -> None:
    """P8: a file is streamed beyond a megabyte, up to what its operation states in OpenAPI."""
    csv = {"Content-Type": "text/csv"}
    answer = erp.post("/v1/imports", content=b"x" * 2_900_000, headers=csv)
    assert answer.json() == {"bytes": 2_900_000}
    assert erp.post("/v1/imports", content=b"x" * 3_000_001, headers=csv).status_code == 413
    assert erp.post("/v1/imports", content=b"x", headers=JSON).status_code == 415
