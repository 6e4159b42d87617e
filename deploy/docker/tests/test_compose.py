"""P12: what compose runs is what was tested elsewhere, on loopback only, with no secret that others know."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.databases import SERVICES
from deploy.local.kafka import SETTINGS
from deploy.local.ports import USUAL_PORTS
from tests import docker_servers

ROOT = Path(__file__).parents[3]
_COMPOSE = (ROOT / "docker-compose.yml").read_text()
_PREPARED = {"topics", "keys"}


@pytest.fixture(scope="module")
def containers() -> dict[str, dict[str, Any]]:
    """By name: what compose is told of each container."""
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(_COMPOSE)["services"]
    return loaded


def test_kafka_has_the_settings_of_the_embedded_one(containers: dict[str, dict[str, Any]]) -> None:
    """P2: retention without end, no topic made by accident; only one more listener, for clients on this machine."""
    said = containers["kafka"]["environment"]
    expected = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in SETTINGS.items()}
    expected["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] += ",HOST:PLAINTEXT"
    assert {name: said.get(name) for name in expected} == expected


def test_the_servers_are_those_of_the_tests(containers: dict[str, dict[str, Any]]) -> None:
    """P2: the tests' containers and compose's are of one version."""
    images = containers["postgres"]["image"], containers["kafka"]["image"]
    assert images == (docker_servers.POSTGRES_IMAGE, docker_servers.KAFKA_IMAGE)


def test_only_this_machine_can_reach_a_port(containers: dict[str, dict[str, Any]]) -> None:
    """P9: without TLS and a proxy in front nothing is offered to the network."""
    published = [port for each in containers.values() for port in each.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_after_what_it_needs(containers: dict[str, dict[str, Any]], service: str) -> None:
    """P12: migrations are a step of their own, and the APIs answer where README's examples call them."""
    roles = {role: containers[f"{service}-{role}"] for role in ("migrate", "api", "worker")}
    assert roles["migrate"]["depends_on"].keys() == {"databases"}
    for role in ("api", "worker"):
        assert roles[role]["depends_on"].keys() == {f"{service}-migrate", *_PREPARED}
    assert roles["api"]["ports"] == [f"127.0.0.1:{USUAL_PORTS[service]}:8000"]
    for role, container in roles.items():
        assert container["command"] == [role]
        assert container["read_only"]
        assert container["build"]["target"] == service


def test_the_mailbox_is_the_provider_of_text_messages(containers: dict[str, dict[str, Any]]) -> None:
    """N1, N8: it is asked where it answers, under the name that approved the words, and its receipts come back."""
    said, told = containers["notifications-worker"]["environment"], containers["mailbox"]["environment"]
    (provider,) = json.loads(said["DUEFLOW_SMS_PROVIDERS"])
    assert provider["url"] == "http://mailbox:8000/api/texts"
    assert told["DUEFLOW_SMS_RECEIPTS_URL"] == f"http://notifications-api:8000/v1/sms-receipts/{provider['name']}"
    assert provider["receipt_secret"].startswith("${DUEFLOW_SMS_RECEIPT_SECRET:?")
    assert "DUEFLOW_SMS_RECEIPT_SECRET" in told
    words = (ROOT / "services/notifications/templates/sms.yaml").read_text(encoding="utf-8")
    assert all(provider["name"] in each["providers"] for each in yaml.safe_load(words)["templates"])


def test_the_checker_reads_all_databases_by_its_own_role(containers: dict[str, dict[str, Any]]) -> None:
    """P11: it starts after their migrations, with a role and a key that may only read."""
    checker = containers["checker"]
    assert checker["depends_on"].keys() == {*(f"{service}-migrate" for service in SERVICES), *_PREPARED}
    urls = json.loads(checker["environment"]["DUEFLOW_DATABASE_URLS"])
    role = "dueflow_checker:${DUEFLOW_CHECKER_PASSWORD}"
    assert urls == {service: f"postgresql+asyncpg://{role}@postgres/dueflow_{service}" for service in SERVICES}
    assert checker["environment"]["DUEFLOW_API_KEY"] == "${DUEFLOW_CHECKER_API_KEY}"


def test_no_secret_has_a_default() -> None:
    """P9: each is empty in `.env.example`, and compose falls back to none."""
    example = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    secrets = {name for name, value in example.items() if not value}
    assert secrets >= {name for name in example if re.search("PASSWORD|KEY|SECRET", name)}
    assert set(re.findall(r"\$\{(\w+):-", _COMPOSE)) == example.keys() - secrets


def test_everything_told_to_compose_is_explained(containers: dict[str, dict[str, Any]]) -> None:
    """Every variable that the file asks for stands in `.env.example`."""
    passed_on = {
        name for each in containers.values() for name, value in (each.get("environment") or {}).items() if value is None
    }
    asked = passed_on | set(re.findall(r"\$\{(\w+)", _COMPOSE))
    assert asked == set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
