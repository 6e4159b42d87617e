"""The compose file runs for real where there is Docker: everything starts in order, comes back, and keeps its data."""

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from rich.console import Console

from demo.connect import client_of
from demo.run import Year, run_demo
from deploy.docker.compose import NoDocker, fresh_settings, require_docker
from deploy.docker.stack import WORKER_PORTS, ComposeStack, state_of
from deploy.local.databases import SERVICES
from deploy.local.ports import answers
from deploy.local.state import load_state

ROOT = Path(__file__).parents[3]
_FIXED_PORTS = (8001, 8002, 8003, 8004, 8025, 15432, 19092, *WORKER_PORTS.values())
_DIES = 'python -c "import os; os.kill(-1, 9)"'
_RECOVERY_SECONDS = 180


def test_a_state_leads_to_the_ports_that_compose_publishes() -> None:
    """What the demo asks is where the containers answer."""
    published = yaml.safe_load((ROOT / "deploy/docker/demo.yml").read_text())["services"]
    for service in SERVICES:
        assert published[f"{service}-worker"]["ports"] == [f"127.0.0.1:{WORKER_PORTS[service]}:8000"]
    containers = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    state = state_of(fresh_settings(), worker_ports=WORKER_PORTS)
    assert [f"{state.bootstrap}:19092"] == containers["kafka"]["ports"]
    assert containers["postgres"]["ports"][0].removesuffix(":5432") in state.checker_urls["ledger"]
    assert containers["mailbox"]["ports"][0].removesuffix(":8000") in str(state.mailbox_url)


def test_secrets_are_fresh_each_time_and_choices_are_kept() -> None:
    """P9: a run's secrets are its own."""
    first, second = (fresh_settings(DUEFLOW_PARTITIONS="2") for _ in range(2))
    chosen = {"DUEFLOW_PARTITIONS", "DUEFLOW_CLOCK", "DUEFLOW_AUTO_OPEN_DAYS"}
    assert first.keys() == second.keys() > chosen
    assert all(first[name] != second[name] for name in first.keys() - chosen)
    assert (first["DUEFLOW_PARTITIONS"], first["DUEFLOW_CLOCK"]) == ("2", "civil")


def test_without_docker_one_sentence_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P12, P14: first the program, then its `compose`, then the daemon."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoDocker, match="no Docker here: https"):
        require_docker()
    _write_docker(tmp_path, "exit 1")
    with pytest.raises(NoDocker, match="no `compose`"):
        require_docker()
    _write_docker(tmp_path, '[ "$1" = compose ] && echo 2.40.3')
    with pytest.raises(NoDocker, match="daemon does not answer"):
        require_docker()


def _write_docker(folder: Path, script: str) -> None:
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def _docker() -> None:
    """Skips, and says why, where containers cannot be run."""
    try:
        require_docker()
    except NoDocker as missing:
        pytest.skip(str(missing))
    if taken := [port for port in _FIXED_PORTS if answers(port)]:
        pytest.skip(f"somebody listens on the ports {taken} of docker-compose.yml")


@pytest.fixture
async def stack(_docker: None, tmp_path: Path) -> AsyncIterator[ComposeStack]:
    """All containers, healthy."""
    async with ComposeStack(tmp_path, partitions=2, fast_clock=True, project="dueflow-smoke") as stack:
        yield stack


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("_docker")
async def test_the_demo_runs_in_containers(tmp_path: Path) -> None:
    """P12: `make demo COMPOSE=1` on images built here; every check holds, and nothing is left."""
    shown = StringIO()
    status = await run_demo(
        Console(file=shown, width=160), Year(seed=7, days=12), stays=False, in_containers=True, root=tmp_path
    )
    report = json.loads((tmp_path / "report.json").read_text())
    assert (status, report["holds"]) == (0, True), shown.getvalue()
    assert report["mails_caught"] is not None
    assert report["texts_caught"] is not None
    assert _containers("dueflow-demo") == {}


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_a_container_that_dies_comes_back_and_data_outlive_all_containers(stack: ComposeStack) -> None:
    """P12: a crash is mended by itself; what was killed or taken down goes on with its volumes when it is started."""
    state = load_state(stack.root)
    async with client_of(state) as dueflow:
        await dueflow.credit.register_customers([_customer("S-1")])
        await asyncio.to_thread(_crash, "dueflow-smoke-credit-worker-1")
        await stack.compose.run("kill", "kafka", "postgres")
        await stack.compose.run("up", "--detach", "--wait", "kafka", "postgres")
        await asyncio.to_thread(_until_healthy, "dueflow-smoke-credit-worker-1")
        await dueflow.credit.register_customers([_customer("S-2")])
        await stack.compose.run("down")
        await stack.start()
    assert await _customers(state.checker_urls["credit"]) == 2
    states = _containers("dueflow-smoke")
    assert {name for name, each in states.items() if each != "running"} == {
        *(f"{service}-migrate" for service in SERVICES),
        *("databases", "topics", "keys"),
    }


def _crash(name: str) -> None:
    """End all that runs in a container, and wait until Docker has started it again and it is healthy."""
    before = _inspect(name)["RestartCount"]
    subprocess.run(["/bin/sh", "-c", f"docker exec {name} {_DIES}"], check=False)
    _until_healthy(name, restarts=before + 1)


def _until_healthy(name: str, *, restarts: int = 0) -> None:
    """Wait until it is; `docker compose up --wait` would give up on what is unhealthy when it begins."""
    deadline = time.monotonic() + _RECOVERY_SECONDS
    while (found := _inspect(name))["RestartCount"] < restarts or found["State"]["Health"]["Status"] != "healthy":
        assert time.monotonic() < deadline, f"{name} did not come back"
        time.sleep(0.5)


async def _customers(url: str) -> int:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return int(await connection.fetchval("SELECT count(*) FROM customer"))
    finally:
        await connection.close()


def _inspect(name: str) -> Any:
    return json.loads(_docker_says("inspect", name))[0]


def _containers(project: str) -> dict[str, str]:
    """By service: the state of its container."""
    shown = _docker_says(
        *("ps", "--all", "--filter", f"label=com.docker.compose.project={project}"),
        *("--format", '{{.Label "com.docker.compose.service"}} {{.State}}'),
    )
    return dict(line.split() for line in shown.splitlines())


def _docker_says(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout  # noqa: S607


def _customer(number: str) -> Any:
    return {"customer_number": number, "name": number, "kind": "company", "country": "CN"}
