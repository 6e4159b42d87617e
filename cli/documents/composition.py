"""Composes each service as its processes do, without a database, so that documents show what really runs."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from fastapi import FastAPI

from shared.contracts.event import Event
from shared.run import make_api
from shared.service import Service, make_context

NAMES = ("credit", "ledger", "collections", "notifications")


@dataclass(frozen=True, slots=True)
class Composed:
    """A service with what it accepts and its web application."""

    service: Service
    accepts: Mapping[str, type[Event]]
    app: FastAPI

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name


def compose() -> list[Composed]:
    """Return the four services."""
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys.json"
        keys.write_text("[]")
        return [_compose(import_module(f"services.{name}.main").SERVICE, keys) for name in NAMES]


def _compose(service: Service, keys: Path) -> Composed:
    settings = service.settings(
        database_url="postgresql+asyncpg://nobody@127.0.0.1/nothing",
        kafka_bootstrap="127.0.0.1:9092",
        api_keys_file=keys,
        port=8000,
        worker_port=8001,
    )
    context = make_context(service, settings, "api")
    return Composed(service, service.subscription(context).accepts, make_api(service, context))
