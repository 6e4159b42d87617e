"""A topic per service and one of anchors, which keep everything, with as many partitions as the installation chose."""

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.local.databases import SERVICES
from shared.hash_chain import ANCHORS

_SETTINGS = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "max.message.bytes": str(2 * 1024 * 1024),  # an event of 1 MiB and its envelope
}
_WAIT_SECONDS = 30


class WrongPartitionCount(Exception):
    """A topic exists with another number of partitions than the installation has."""


async def ensure_topics(
    *,
    bootstrap: str,
    partitions: int,
    prefix: str = "dueflow.",
    replication_factor: int = 1,
) -> list[str]:
    """Create what is missing and return all names; raises `WrongPartitionCount` rather than mix histories."""
    names = [prefix + name for name in (*SERVICES, ANCHORS)]
    async with asyncio.timeout(_WAIT_SECONDS):
        admin = await _connect(bootstrap)
        try:
            await _create(admin, names, partitions=partitions, replication_factor=replication_factor)
            _refuse_other_counts(await _partition_counts(admin, names), expected=partitions)
        finally:
            await admin.close()
    return names


async def delete_topics(*, bootstrap: str, prefix: str) -> None:
    """Delete every topic whose name begins with `prefix`: for tests, which clean up after themselves."""
    async with asyncio.timeout(_WAIT_SECONDS):
        admin = await _connect(bootstrap)
        try:
            if names := [name for name in await admin.list_topics() if name.startswith(prefix)]:
                await admin.delete_topics(names)
        finally:
            await admin.close()


async def _connect(bootstrap: str) -> AIOKafkaAdminClient:
    """A broker that has just started refuses at first; the caller's deadline ends the attempts."""
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="dueflow-setup")
        try:
            await admin.start()
        except KafkaError:
            await admin.close()
            await asyncio.sleep(0.2)
        else:
            return admin


async def _create(
    admin: AIOKafkaAdminClient, names: Sequence[str], *, partitions: int, replication_factor: int
) -> None:
    existing = set(await admin.list_topics())
    missing = [name for name in names if name not in existing]
    if not missing:
        return
    topics = [NewTopic(name, partitions, replication_factor, topic_configs=_SETTINGS) for name in missing]
    answer = await admin.create_topics(topics)
    for name, code, *_ in answer.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise for_code(code)(name)
    await _until_described(admin, missing)


async def _until_described(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    while set(await _partition_counts(admin, names)) < set(names):
        await asyncio.sleep(0.05)


async def _partition_counts(admin: AIOKafkaAdminClient, names: Sequence[str]) -> Mapping[str, int]:
    described = await admin.describe_topics(list(names))
    return {topic["topic"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}


def _refuse_other_counts(counts: Mapping[str, int], *, expected: int) -> None:
    for name, count in counts.items():
        if count != expected:
            raise WrongPartitionCount(
                f"topic {name} has {count} partitions, DUEFLOW_PARTITIONS says {expected}: "
                f"set it to {count}, or move to a new topic as the runbook on partitions describes"
            )
