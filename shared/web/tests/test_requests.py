import httpx
import pytest

from shared.web.tests.service import bearer

ID = "0190a0a0-0000-7000-8000-000000000000"


def is_problem(answer: httpx.Response, status: int, slug: str) -> bool:
    """Whether the answer is this problem, complete."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["request_id"] == answer.headers["x-request-id"]
    return (answer.status_code, body["status"], body["type"]) == (status, status, f"/problems/{slug}")


@pytest.mark.parametrize("thing_id", ["7", "١٢٣", "99999999999999999999", "%00", "%ff", "a" * 500])
def test_path_ids_that_are_none(erp: httpx.Client, thing_id: str) -> None:
    """Faults 3.27: 422 before anything is looked up."""
    assert is_problem(erp.get(f"/v1/things/{thing_id}"), 422, "invalid")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("starts=%00", id="3.28-nul"),
        pytest.param("starts=%ff", id="3.28-bad-utf8"),
        pytest.param("starts=%zz", id="3.28-bad-escape"),
        pytest.param("starts=a&starts=b", id="3.29-repeated"),
        pytest.param("limit=-1", id="3.30-negative"),
        pytest.param("limit=0", id="3.30-zero"),
        pytest.param("limit=1000000000", id="3.30-huge"),
        pytest.param("limit=1_0", id="3.30-underscore"),
        pytest.param("limit=%EF%BC%95", id="3.30-full-width"),
        pytest.param("limit=5.0", id="3.30-float"),
        pytest.param("sort=name;drop+table", id="3.31-unknown"),
    ],
)
def test_queries_that_are_not_offered(erp: httpx.Client, query: str) -> None:
    """Faults 3.28 to 3.31: one spelling, once, of what the operation documents."""
    answer = erp.get(f"/v1/things?{query}")
    assert is_problem(answer, 422, "invalid")
    assert "drop" not in answer.text


@pytest.mark.parametrize("cursor", ["", "x", "a.b", "WyJhIl0.AAAAAAAAAAAAAAAAAAAAAA", "é.é", "a.b.c"])
def test_a_cursor_that_we_did_not_sign_is_a_400(erp: httpx.Client, cursor: str) -> None:
    """Faults 3.30: tampered, cut, or invented."""
    assert is_problem(erp.get("/v1/things", params={"cursor": cursor}), 400, "cursor-invalid")


@pytest.mark.parametrize("method", ["DELETE", "TRACE", "PATCH", "OPTIONS"])
def test_other_methods_are_a_405_that_names_those_offered(erp: httpx.Client, method: str) -> None:
    """Faults 3.32: with Allow."""
    answer = erp.request(method, f"/v1/things/{ID}")
    assert is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [("text/html", 406), ("image/*, text/html;q=0.9", 406), ("application/json;q=0.5", 409), ("text/html, */*", 409)],
)
def test_accept_is_respected(erp: httpx.Client, accept: str, status: int) -> None:
    """Faults 3.33: an answer that the client cannot read is not computed."""
    assert erp.get(f"/v1/things/{ID}", headers={"Accept": accept}).status_code == status


@pytest.mark.parametrize("key", [None, "", "short", "a" * 129, "a" * 10_000, "sp ace-in-key", "slash/in/key"])
def test_a_post_needs_a_good_idempotency_key(erp: httpx.Client, key: str | None) -> None:
    """Faults 3.37, 3.40: missing, empty, too long or of other characters is a 400."""
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = erp.post("/v1/things", json={"name": "chair"}, headers=headers)
    assert is_problem(answer, 400, "idempotency-key-required")


def test_a_key_beyond_ascii_is_a_400(erp: httpx.Client) -> None:
    """Faults 3.40: bytes that are no ASCII."""
    answer = erp.post("/v1/things", json={"name": "chair"}, headers=[(b"Idempotency-Key", "schlüssel-1".encode())])
    assert is_problem(answer, 400, "idempotency-key-required")


@pytest.mark.parametrize(
    ("if_match", "status", "slug"),
    [
        (None, 428, "precondition-required"),
        ('"6"', 412, "precondition-failed"),
        ("7", 412, "precondition-failed"),
        ('W/"7"', 412, "precondition-failed"),
    ],
)
def test_edits_name_the_version_they_saw(base_url: str, if_match: str | None, status: int, slug: str) -> None:
    """Faults 3.41: missing is a 428, stale a 412."""
    headers = bearer("boss") | ({"If-Match": if_match} if if_match else {})
    assert is_problem(httpx.put(f"{base_url}/v1/things/{ID}", headers=headers), status, slug)


def test_an_edit_of_the_current_version_goes_through(base_url: str) -> None:
    """Faults 3.41: and shows the new one."""
    answer = httpx.put(f"{base_url}/v1/things/{ID}", headers=bearer("boss") | {"If-Match": '"7"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"8"')


def test_a_fault_of_ours_tells_nothing(base_url: str) -> None:
    """Faults 4.21: a 500 is a problem with the request's id, and the message stays inside."""
    answer = httpx.get(f"{base_url}/v1/fault")
    assert is_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert set(answer.json()) == {"type", "title", "status", "request_id"}


def test_extension_members_never_replace_standard_ones(erp: httpx.Client) -> None:
    """P8: a conflict can tell the current balance, beside the members of RFC 9457."""
    body = erp.get(f"/v1/things/{ID}").json()
    assert (body["status"], body["open_amount"]) == (409, "12.00")


def test_unknown_paths_and_known_ones_with_a_slash_are_a_404(erp: httpx.Client) -> None:
    """P8: a path has one spelling; nothing is redirected."""
    for path in ("/nothing", "/v1/things/", "/V1/things"):
        assert is_problem(erp.get(path), 404, "not-found")


def test_an_absent_database_is_a_503(erp: httpx.Client) -> None:
    """Faults 2.26, 2.48: reads and writes alike, with Retry-After."""
    read = erp.get("/v1/things")
    write = erp.post("/v1/things", json={"name": "chair"}, headers={"Idempotency-Key": "one-intent"})
    for answer in (read, write):
        assert is_problem(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "2"
