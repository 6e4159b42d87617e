"""The PostgreSQL and Kafka to work with: those named in the environment, else embedded ones."""

import os
from pathlib import Path

from deploy.local.kafka import EmbeddedKafka
from deploy.local.postgres import EmbeddedPostgres

POSTGRES_VARIABLE = "DUEFLOW_POSTGRES_URL"
KAFKA_VARIABLE = "DUEFLOW_KAFKA_BOOTSTRAP"


class NamedPostgres:
    """A server somebody else runs; its URL must be of a role that may create roles and databases."""

    has_crashed = False  # or somebody else notices

    def __init__(self, url: str) -> None:
        self.url = url

    def launch(self) -> None:
        """It runs already."""

    def wait_ready(self) -> None:
        """Whoever connects first finds out."""

    def stop(self) -> None:
        """It is not ours to stop."""


class NamedKafka:
    """A broker somebody else runs, at `host:port[,host:port…]`."""

    has_crashed = False  # or somebody else notices

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def launch(self) -> None:
        """It runs already."""

    def wait_ready(self) -> None:
        """Whoever connects first finds out."""

    def stop(self) -> None:
        """It is not ours to stop."""


def find_postgres(folder: Path, *, durable: bool = True) -> NamedPostgres | EmbeddedPostgres:
    """The server named in DUEFLOW_POSTGRES_URL, else an embedded one over `folder`."""
    if url := os.environ.get(POSTGRES_VARIABLE):
        return NamedPostgres(url)
    return EmbeddedPostgres(folder, durable=durable)


def find_kafka(folder: Path) -> NamedKafka | EmbeddedKafka:
    """The broker named in DUEFLOW_KAFKA_BOOTSTRAP, else an embedded one over `folder`."""
    if bootstrap := os.environ.get(KAFKA_VARIABLE):
        return NamedKafka(bootstrap)
    return EmbeddedKafka(folder)
