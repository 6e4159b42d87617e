"""Fixtures of notifications' tests: a mail sink, and the service at work on a migrated database."""

from collections.abc import AsyncIterator

import pytest

from services.notifications.tests.house import House, build_house
from services.notifications.tests.mail_sink import Sink, running
from tests.databases import FreshDatabase


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A mail server that takes everything, until a test changes its script."""
    async with running(Sink()) as made:
        yield made


@pytest.fixture
async def house(fresh_database: FreshDatabase, sink: Sink) -> AsyncIterator[House]:
    """Notifications under the fast clock."""
    made = await build_house(await fresh_database("notifications"), sink)
    yield made
    await made.context.wake.close()
    await made.context.engine.dispose()


@pytest.fixture
async def civil_house(fresh_database: FreshDatabase, sink: Sink) -> AsyncIterator[House]:
    """Notifications under the civil clock."""
    made = await build_house(await fresh_database("notifications"), sink, clock="civil")
    yield made
    await made.context.wake.close()
    await made.context.engine.dispose()
