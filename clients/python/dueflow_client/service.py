"""What the clients of all four services share: batches in chunks, and the customers that a service has parked."""

from collections.abc import Callable, Sequence
from typing import Any

from dueflow_client.problem import Problem
from dueflow_client.transport import Transport

BATCH_LIMIT = 500
_EPOCH_SECONDS = 3_600


class ServiceClient:
    """The calls that every service answers."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    async def parked_customers(self) -> list[Any]:
        """Return the customers whose events wait behind one that could not be applied, the longest waiting first."""
        return list((await self._http.get("/v1/parked-customers"))["items"])

    async def parked_queue(self, customer_id: str) -> list[Any]:
        """Return what waits for one customer, in order; the item with a cause is what stops the others."""
        return list((await self._http.get(f"/v1/parked-customers/{customer_id}"))["items"])

    async def release_customer(self, customer_id: str) -> Any:
        """Apply what waits for this customer, in its order, once the cause is gone."""
        return await self._http.post(f"/v1/parked-customers/{customer_id}/release")

    async def discard_parked(self, customer_id: str, item_id: int, *, reason: str | None = None) -> None:
        """Give up one item for good, for a reason that the service keeps: its event will never take effect there."""
        body = None if reason is None else {"reason": reason}
        await self._http.post(f"/v1/parked-customers/{customer_id}/items/{item_id}/discard", body)

    async def discarded_items(self, customer_id: str) -> list[Any]:
        """Return what was given up of this customer's queue, by whom and why."""
        return list((await self._http.get(f"/v1/parked-customers/{customer_id}/discarded-items"))["items"])

    async def stream_positions(self) -> list[Any]:
        """Return how far the service has applied each partition of each topic, and which stand still and why."""
        return list((await self._http.get("/v1/stream-positions"))["items"])

    async def read_from(self, topic: str, partition_no: int, *, offset: int) -> None:
        """Let a partition that stands still be read from another offset; what was applied before is skipped."""
        await self._http.post(f"/v1/stream-positions/{topic}/{partition_no}/read-from", {"offset": offset})

    async def stream_heads(self) -> list[Any]:
        """Return how far the service's own stream is numbered and in its topic, and what contradicts, if anything."""
        return list((await self._http.get("/v1/stream-heads"))["items"])

    async def begin_epoch(self, *, told: Callable[[Any], object] = lambda _: None) -> list[Any]:
        """Go on with a restored database: begin a new epoch in each partition in which it contradicts the topic.

        A partition is read from its first record, which takes its time; `told` hears of each that is done.
        """
        begun: list[Any] = []
        remaining = True
        while remaining:
            answer = await self._http.post("/v1/stream-heads/new-epoch", timeout_seconds=_EPOCH_SECONDS)
            for each in answer["items"]:
                told(each)
            begun += answer["items"]
            remaining = answer["remaining"] > 0
        return begun

    async def send_again(self, partition_no: int, *, sequence: int) -> int:
        """Let what the broker lost be sent from this number on once more; return how many events that is."""
        answer = await self._http.post(f"/v1/stream-heads/{partition_no}/send-again", {"sequence": sequence})
        return int(answer["rows"])

    async def _batch(self, path: str, items: Sequence[Any], *, noun: str, key: str | None) -> list[Any]:
        """Post `items` in chunks; return for each what the service made of it, or the Problem it was refused with."""
        results: list[Any] = []
        for start in range(0, len(items), BATCH_LIMIT):
            chunk = list(items[start : start + BATCH_LIMIT])
            chunk_key = None if key is None else f"{key}-{start // BATCH_LIMIT}"
            answer = await self._http.post(path, {"items": chunk}, key=chunk_key)
            results += [_result(each, noun) for each in answer["results"]]
        return results


def _result(result: Any, noun: str) -> Any:
    return Problem.of(result["status"], result["problem"]) if "problem" in result else result[noun]
