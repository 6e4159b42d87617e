"""Fixtures of notifications' tests: servers that take messages, and the service on a migrated database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notifications.tests.house import House, build_house
from services.notifications.tests.mail_sink import Sink, running
from services.notifications.tests.text_gateway import Gateway, answering, approved_by
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


@pytest.fixture
async def main() -> AsyncIterator[Gateway]:
    """The provider that is asked first."""
    async with answering(Gateway()) as made:
        yield made


@pytest.fixture
async def spare() -> AsyncIterator[Gateway]:
    """The second provider."""
    async with answering(Gateway(name="spare")) as made:
        yield made


@pytest.fixture
async def texting_house(
    fresh_database: FreshDatabase, sink: Sink, main: Gateway, tmp_path: Path
) -> AsyncIterator[House]:
    """Notifications with one provider, which sends a reference once."""
    made = await build_house(
        await fresh_database("notifications"),
        sink,
        providers=[main.provider(keeps_references=True)],
        texts=approved_by(tmp_path, "main"),
    )
    yield made
    await made.context.wake.close()
    await made.context.engine.dispose()


@pytest.fixture
async def safe_house(
    fresh_database: FreshDatabase, sink: Sink, main: Gateway, spare: Gateway, tmp_path: Path
) -> AsyncIterator[House]:
    """Notifications with two providers, neither of which keeps references."""
    made = await build_house(
        await fresh_database("notifications"),
        sink,
        providers=[main.provider(), spare.provider()],
        texts=approved_by(tmp_path, "main", "spare"),
    )
    yield made
    await made.context.wake.close()
    await made.context.engine.dispose()
