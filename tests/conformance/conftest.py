"""A broker of its own behind a proxy, and the client that is tried on it."""

from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from types import ModuleType

import pytest
import pytest_asyncio

from deploy.local.ports import free_port
from deploy.local.topics import ensure_topics
from shared.messaging import kafka
from tests.conformance.trial import PARTITIONS, Trial
from tests.faults.kafka_behind import KafkaBehindProxy
from tests.faults.proxy import Proxy
from tests.servers import run_folder

# Another client is a module with the same names as this one.
CLIENTS = [kafka]


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def broker() -> AsyncIterator[tuple[KafkaBehindProxy, Proxy]]:
    """A broker that can be silenced."""
    port_behind = free_port()
    folder = Path(mkdtemp(prefix="conformance-", dir=run_folder()))
    async with Proxy(port_behind) as proxy:
        kafka_behind = KafkaBehindProxy(folder, port_behind=port_behind, proxy_port=proxy.port)
        kafka_behind.start()
        yield kafka_behind, proxy
        kafka_behind.stop()


@pytest_asyncio.fixture(loop_scope="package", params=CLIENTS, ids=lambda client: client.__name__)
async def trial(
    broker: tuple[KafkaBehindProxy, Proxy], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Trial]:
    """Two new topics, and what is needed to try a client on them."""
    kafka_behind, proxy = broker
    client: ModuleType = request.param
    for deadline in ("SEND_SECONDS", "COMMIT_SECONDS", "FETCH_GRACE_SECONDS"):
        monkeypatch.setattr(client, deadline, 6)  # a silent broker would take a test 15 s otherwise
    monkeypatch.setattr(client, "CONNECT_SECONDS", 60)  # on a busy machine a group's first rebalance takes its time
    prefix = f"{token_hex(4)}."
    await ensure_topics(bootstrap=kafka_behind.bootstrap, partitions=PARTITIONS, prefix=prefix)
    async with Trial(client, kafka_behind.bootstrap, proxy, prefix) as trial:
        yield trial
