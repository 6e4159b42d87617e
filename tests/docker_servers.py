"""The servers of a test run as containers, where DUEFLOW_TEST_SERVERS=docker says that there is a daemon."""

from collections.abc import Callable

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import ExecWaitStrategy

from deploy.local.kafka import SETTINGS
from deploy.local.ports import free_port

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.3.0"


def postgres() -> tuple[str, Callable[[], None]]:
    """The superuser's URL, and how to end the container."""
    container = PostgresContainer(POSTGRES_IMAGE, driver=None).start()
    return container.get_connection_url(), container.stop


def kafka() -> tuple[str, Callable[[], None]]:
    """The address, and how to end the container; clients are told the port of the host, so it is chosen first."""
    port = free_port()
    addresses = {
        "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": "1@localhost:9093",
    }
    # The image reads each property from a variable of its name.
    variables = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in {**SETTINGS, **addresses}.items()}
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port).with_envs(**variables)
    # Asked inside: outside, Docker's proxy accepts connections before there is anybody to answer them.
    container.waiting_for(ExecWaitStrategy(["bash", "-c", ": </dev/tcp/127.0.0.1/9092"])).start()
    return f"127.0.0.1:{port}", container.stop
