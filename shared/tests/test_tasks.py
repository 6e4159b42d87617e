"""A cancellation from within a library must not end a task that nobody asked to end (faults 2.8)."""

import asyncio

import pytest

from shared.messaging.kafka import KafkaAway, within


async def _canceled_inside() -> None:
    """Wait for something that its owner cancels, as a Kafka client does when a connection dies."""
    waiter = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(waiter.cancel)
    await waiter


async def test_a_wait_that_the_client_cancels_counts_as_kafka_being_away() -> None:
    """The owner drops the client and makes another; before, its task ended without a word."""
    with pytest.raises(KafkaAway, match="gave up while fetching"):
        await within(5, _canceled_inside(), "fetching")


async def test_a_task_that_is_asked_to_end_ends() -> None:
    """Shutting down goes through every deadline."""
    task = asyncio.create_task(_wait_long())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _wait_long() -> None:
    await within(5, asyncio.sleep(60), "fetching")
