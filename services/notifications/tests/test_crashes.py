"""A worker that is killed with -9: what it had claimed is unknown, and nothing is sent twice (faults 2.43)."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from deploy.local.topics import ensure_topics
from services.notifications.tests.facts import TODAY, Customer, person
from services.notifications.tests.house import PARTITIONS, House
from services.notifications.tests.mail_sink import Script

ROOT = Path(__file__).parents[3]
KILLED = -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "taken_before", "taken_after"),
    [("sender.after_claim", 0, 0), ("sender.after_250", 1, 1), ("sender.before_settle", 3, 3)],
)
async def test_row_43_a_killed_worker_leaves_no_message_sent_twice(
    house: House,
    kafka_bootstrap: str,
    topic_prefix: str,
    tmp_path: Path,
    place: str,
    taken_before: int,
    taken_after: int,
) -> None:
    """Faults 2.43, N4: kill -9 anywhere between the claim and its settling; the next worker calls it unknown."""
    await ensure_topics(bootstrap=kafka_bootstrap, partitions=PARTITIONS, prefix=topic_prefix)
    environment = environment_of(house, kafka_bootstrap, topic_prefix, tmp_path)
    customers = [Customer(f"C-{number}") for number in range(3)]
    for customer in customers:
        await house.record(person(customer))
        await house.hear(customer.issued("INV-1"), customer.planned("INV-1"))

    killed = await worker({**environment, "DUEFLOW_TEST_CRASH_AT": place})
    assert await asyncio.wait_for(killed.wait(), 60) == KILLED
    assert len(house.sink.taken) >= taken_before

    await house.execute("UPDATE attempt SET lease_until = now()")
    again = await worker(environment)
    try:
        await settled(house)
    finally:
        again.kill()
        await again.wait()

    assert {state for (state,) in await house.rows("SELECT state FROM message")} == {"unknown"}
    receivers = [each["Message-ID"] for each in house.sink.mails]
    assert len(receivers) == len(set(receivers)) >= taken_after
    assert [each for each in await house.published() if each.startswith("message")] == ["message-outcome-unknown"] * 3
    assert await house.rows("SELECT DISTINCT civil_date FROM message") == [(TODAY,)]


async def test_row_47_a_sender_that_is_told_to_stop_ends_what_it_has_begun(house: House) -> None:
    """Faults 2.47: at a deployment no mail is cut off in the middle, which nobody would know the fate of."""
    house.sink.script = Script(rcpt_pause_seconds=0.5)
    customer = Customer()
    await house.ready(customer)
    await house.work_day()
    sending = asyncio.create_task(house.sender.run())
    async with asyncio.timeout(60):
        while not house.sink.connections:
            await asyncio.sleep(0.01)

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

    assert len(house.sink.taken) == 1
    assert await house.state(customer.message_id()) == ("sent", None)


def environment_of(house: House, kafka_bootstrap: str, topic_prefix: str, folder: Path) -> dict[str, str]:
    """Return what a real worker over this house's database and mail server is told; its port is its own."""
    keys = folder / "keys.json"
    keys.write_text("[]")
    return {
        **os.environ,
        "DUEFLOW_DATABASE_URL": house.context.settings.database_url,
        "DUEFLOW_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "DUEFLOW_TOPIC_PREFIX": topic_prefix,
        "DUEFLOW_API_KEYS_FILE": str(keys),
        "DUEFLOW_PARTITIONS": str(PARTITIONS),
        "DUEFLOW_CLOCK": "fast",
        "DUEFLOW_PORT": "1",
        "DUEFLOW_WORKER_PORT": str(free_port()),
        "DUEFLOW_SMTP_PORT": str(house.sink.port),
    }


async def worker(environment: dict[str, str]) -> asyncio.subprocess.Process:
    """Start a real worker of notifications."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.notifications.main",
        "worker",
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def settled(house: House) -> None:
    """Wait until no message is under way."""
    open_ones = "SELECT count(*) FROM message WHERE state IN ('waiting', 'released', 'retrying', 'claimed')"
    async with asyncio.timeout(60):
        while (await house.rows(open_ones))[0][0]:
            await asyncio.sleep(0.1)
