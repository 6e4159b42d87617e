"""The client is patient where repeating is safe; a refusal it reports in the words of the service (P8, P15)."""

from collections.abc import Callable

import httpx
import pytest
from dueflow_client.ledger import LedgerClient
from dueflow_client.problem import Problem
from dueflow_client.shapes import Payment
from dueflow_client.transport import Transport

Answer = Callable[[httpx.Request], httpx.Response]

PAYMENT: Payment = {
    "entity": "qinghe",
    "customer_number": "C-1",
    "source": "bank",
    "reference": "B-1",
    "received_date": "2025-03-03",
    "currency": "CNY",
    "amount": "10.00",
}


def transport(answer: Answer, *, patience_seconds: float = 5) -> Transport:
    """The transport of a service that answers as told."""
    http = httpx.AsyncClient(base_url="http://ledger.test", transport=httpx.MockTransport(answer))
    return Transport(http, patience_seconds=patience_seconds)


async def test_p8_a_busy_service_is_asked_again_under_the_same_key() -> None:
    """P8: a repetition carries the Idempotency-Key of the first try."""
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.ConnectError("refused", request=request)
        if len(keys) == 2:
            return httpx.Response(503, headers={"Retry-After": "0.01"})
        return httpx.Response(201, json={"payment_id": "p"})

    assert await LedgerClient(transport(answer)).record_payment(PAYMENT) == {"payment_id": "p"}
    assert len(keys) == 3
    assert len(set(keys)) == 1


async def test_p8_a_refusal_is_raised_at_once_in_the_words_of_the_service() -> None:
    """P8: 4xx is an answer, not trouble."""
    asked = 0

    def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        errors = [{"pointer": "/amount", "detail": "CNY has 2 decimals"}]
        body = {"title": "Unprocessable", "detail": "the body is not valid", "errors": errors}
        return httpx.Response(422, json=body, headers={"Content-Type": "application/problem+json"})

    with pytest.raises(Problem, match="422 Unprocessable - the body is not valid - /amount: CNY has 2 decimals"):
        await LedgerClient(transport(answer)).record_payment(PAYMENT)
    assert asked == 1


async def test_p8_patience_ends() -> None:
    """P8: a service that stays away is reported, with what it answered last."""
    with pytest.raises(Problem) as refused:
        await transport(lambda _: httpx.Response(503), patience_seconds=0.3).get("/v1/aging")
    assert refused.value.status == 503


async def test_p8_pages_are_read_to_the_end() -> None:
    """P8: a listing goes on while there is a cursor."""
    pages = {None: ([1, 2], "a"), "a": ([3], "b"), "b": ([], None)}

    def answer(request: httpx.Request) -> httpx.Response:
        items, cursor = pages[request.url.params.get("cursor")]
        return httpx.Response(200, json={"items": items, "next_cursor": cursor})

    assert [item async for item in LedgerClient(transport(answer)).invoices(status="open")] == [1, 2, 3]


async def test_p15_a_long_batch_goes_in_chunks_and_each_item_has_its_own_result() -> None:
    """P15: five hundred at a time; a refused item is a Problem at its place."""
    sizes: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        items = httpx.Response(200, content=request.content).json()["items"]
        sizes.append(len(items))
        refused = {"status": 409, "problem": {"title": "Conflict"}}
        return httpx.Response(
            207, json={"results": [refused, *({"status": 201, "payment": each} for each in items[1:])]}
        )

    results = await LedgerClient(transport(answer)).record_payments([PAYMENT] * 700, key="monday")
    assert sizes == [500, 200]
    assert [index for index, each in enumerate(results) if isinstance(each, Problem)] == [0, 500]
    assert results[1] == PAYMENT
