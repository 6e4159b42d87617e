"""Keeps the README true: its curl examples run, as they stand, against a fresh installation with the real clock."""

import asyncio
import json
import os
import re
import shutil
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli import connection
from cli.main import app
from deploy.local.databases import SERVICES
from deploy.local.runner import LocalStack
from shared.clock import MachineClock

ROOT = Path(__file__).parents[2]
PLAYBOOK = ROOT / "services" / "collections" / "policies" / "default_playbook.yaml"


def examples() -> list[str]:
    """Return the shell blocks of "Connect an ERP", without the lines that say where `make up` put things."""
    section = (ROOT / "README.md").read_text().partition("## Connect an ERP")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)
    return [re.sub(r"^export (CREDIT|KEY)=.*\n", "", block, flags=re.MULTILINE) for block in blocks]


@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl")
async def test_the_examples_for_an_erp_work_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1, P8, K3: every call of the README is answered with success by services that were started a moment ago."""
    monkeypatch.setattr(connection, "RUNS", tmp_path.parent)
    async with LocalStack(tmp_path, partitions=2, extra_environment={"DUEFLOW_AUTO_OPEN_DAYS": "true"}) as stack:
        addresses = {each.upper(): stack.api_url(each) for each in SERVICES}
        environment = {**os.environ, **addresses, "KEY": stack.api_key, "no_proxy": "127.0.0.1"}
        await _day_is_open(stack)
        start, *blocks = examples()
        output = ""
        for block in blocks:
            output += await _run(start + block, environment)
            if "post $LEDGER" in block:
                # Who types is slower than Kafka: what is promised below is for an invoice that collections knows.
                await asyncio.to_thread(_wait_until_all_have_heard, tmp_path.name)
        loaded = await asyncio.to_thread(_load_policy, tmp_path.name)
    assert '"decision":"approve"' in output
    assert '"rule":"designation"' in output
    assert json.loads(loaded)["name"] == "spring"


async def _run(script: str, environment: dict[str, str]) -> str:
    """Run examples in a shell of their own; return what they print."""
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await shell.communicate())[0].decode()
    assert shell.returncode == 0, output
    return output


def _wait_until_all_have_heard(run: str) -> None:
    checked = CliRunner().invoke(app, ["check", "--run", run])
    assert checked.exit_code == 0, checked.output


def _load_policy(run: str) -> str:
    """Load the default playbook as one for grade C from the day after tomorrow, by command."""
    day = MachineClock().now() + timedelta(days=2)
    words = [
        "policy",
        "playbook",
        str(PLAYBOOK),
        "--name",
        "spring",
        "--from",
        f"{day:%F}",
        "--segment",
        "{grades: [C]}",
    ]
    return CliRunner().invoke(app, [*words, "--run", run]).output


async def _day_is_open(stack: LocalStack) -> None:
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    async with httpx.AsyncClient(
        base_url=stack.api_url("ledger"), headers=headers, trust_env=False, timeout=60
    ) as http:
        while (await http.get("/v1/business-days/current")).is_error:
            await asyncio.sleep(0.2)
