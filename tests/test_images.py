"""P7: a service runs from `shared/`, its own folder and the packages of its own lock, and from nothing else."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from deploy.local.databases import SERVICES

ROOT = Path(__file__).parents[1]
_PIN = re.compile(r"^([a-z0-9.-]+)==(\S+)", re.MULTILINE)
_REQUIRED = re.compile(r"^[A-Za-z0-9.-]+")
_IMPORT_ALL = """
import importlib, pathlib
for path in sorted(pathlib.Path().rglob("*.py")):
    if path.name != "env.py":  # Alembic runs it, and only within a migration
        importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
"""


_IMPORT_MAILBOX = """
import aiosmtpd.smtp, uvicorn
import deploy.local.mailbox.catcher, deploy.local.mailbox.pages, deploy.local.mailbox.receipts
"""


@pytest.mark.parametrize("service", SERVICES)
def test_every_module_of_a_service_imports_from_what_its_image_holds(service: str, tmp_path: Path) -> None:
    """P7: neither another service nor a tool nor a package of theirs is needed."""
    _run_in_image(_IMPORT_ALL, ["shared", f"services/{service}"], f"requirements/{service}.lock", tmp_path)


def test_the_mailbox_imports_from_what_its_image_holds(tmp_path: Path) -> None:
    """P12: what catches mail and text messages in containers needs no service and no tool."""
    _run_in_image(_IMPORT_MAILBOX, ["shared", "deploy"], "requirements/mailbox.lock", tmp_path)


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_copies_no_other_service(service: str) -> None:
    """P7: its target names `shared/`, its own folder and its own lock."""
    _, _, stage = (ROOT / "deploy/docker/Dockerfile").read_text().partition(f"FROM service AS {service}\n")
    copied = re.findall(r"^COPY (\S+)", stage.partition("\nFROM ")[0], re.MULTILINE)
    assert copied == [f"requirements/{service}.lock", "shared", f"services/{service}"]


@pytest.mark.parametrize("name", ["base", *SERVICES, "mailbox"])
def test_the_lock_of_an_image_is_a_part_of_the_whole_lock(name: str) -> None:
    """What the tests ran with is what the image runs with, to the hash."""
    lock, whole = _blocks(f"requirements/{name}.lock"), _blocks("requirements.lock")
    assert lock
    assert lock.items() <= whole.items()


@pytest.mark.parametrize("name", ["base", *SERVICES, "mailbox"])
def test_the_lock_of_an_image_holds_what_the_project_declares(name: str) -> None:
    """P7: the base dependencies and the extra of the service; nothing of another's extra or of the tools'."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    pinned = _pins(f"requirements/{name}.lock").keys()
    declared = _names([*project["dependencies"], *extras.get(name, [])])
    assert declared <= pinned
    tools = _names([*extras["local"], *extras["dev"]]) - declared
    assert not tools & pinned


def _run_in_image(program: str, folders: list[str], lock: str, scratch: Path) -> None:
    image, packages = scratch / "app", scratch / "packages"
    for folder in folders:
        shutil.copytree(ROOT / folder, image / folder, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    _link_packages(_pins(lock), packages)
    # -S: without the site packages of this environment, and without its pointer to the repository.
    command = [sys.executable, "-S", "-W", "error", "-c", program]
    environment = {"PYTHONPATH": os.pathsep.join(map(str, (image, packages))), "PYTHONDONTWRITEBYTECODE": "1"}
    finished = subprocess.run(command, cwd=image, env=environment, capture_output=True, check=False, text=True)
    assert finished.returncode == 0, finished.stderr


def _names(requirements: list[str]) -> set[str]:
    found = (_REQUIRED.match(requirement) for requirement in requirements)
    return {match.group().lower() for match in found if match}


def _pins(lock: str) -> dict[str, str]:
    return dict(_PIN.findall((ROOT / lock).read_text()))


def _blocks(lock: str) -> dict[str, frozenset[str]]:
    """By package and version: its hashes."""
    _, *parts = re.split(r"^(?=[a-z])", (ROOT / lock).read_text(), flags=re.MULTILINE)
    return {part.partition(" ")[0]: frozenset(re.findall(r"sha256:[0-9a-f]{64}", part)) for part in parts}


def _link_packages(pins: dict[str, str], folder: Path) -> None:
    """A folder in which exactly these packages are found, except those that another Python or system needs."""
    folder.mkdir()
    for name in pins:
        with suppress(PackageNotFoundError):
            installed = distribution(name)
            for top in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
                if not (folder / top).exists():
                    (folder / top).symlink_to(str(installed.locate_file(top)))
