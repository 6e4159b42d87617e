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
_IMAGES = [*SERVICES, "checker", "mailbox"]


@pytest.mark.parametrize("name", _IMAGES)
def test_every_module_of_an_image_imports_from_what_it_holds(name: str, tmp_path: Path) -> None:
    """P7, P12: neither another service nor a tool nor a package of theirs is needed."""
    image, packages = tmp_path / "app", tmp_path / "packages"
    for source, target in _copied(name):
        shutil.copytree(ROOT / source, image / target, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    _link_packages(_pins(f"requirements/{name}.lock"), packages)
    # -S: without the site packages of this environment, and without its pointer to the repository. The mailbox is one
    # of several tools in the folder that its image holds.
    program = _IMPORT_MAILBOX if name == "mailbox" else _IMPORT_ALL
    command = [sys.executable, "-S", "-W", "error", "-c", program]
    environment = {"PYTHONPATH": os.pathsep.join(map(str, (image, packages))), "PYTHONDONTWRITEBYTECODE": "1"}
    finished = subprocess.run(command, cwd=image, env=environment, capture_output=True, check=False, text=True)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_copies_no_other_service(service: str) -> None:
    """P7: its target names `shared/`, its own folder and its own lock."""
    assert f"COPY requirements/{service}.lock /tmp/\n" in _stage(service)
    assert _copied(service) == [("shared", "shared"), (f"services/{service}", f"services/{service}")]


@pytest.mark.parametrize("name", _IMAGES)
def test_what_an_image_copies_may_enter_it(name: str) -> None:
    """P12: `.dockerignore` names what is let in, and nothing is copied that it keeps out."""
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [Path(source) for source, _ in _copied(name)]
    assert copied
    kept_out = [each for each in copied if not any(each.is_relative_to(folder) for folder in let_in)]
    assert [each for each in kept_out if not any(Path(folder).is_relative_to(each) for folder in let_in)] == []


def _stage(name: str) -> str:
    _, _, stage = (ROOT / "deploy/docker/Dockerfile").read_text().partition(f"FROM service AS {name}\n")
    return stage.partition("\nFROM ")[0]


def _copied(name: str) -> list[tuple[str, str]]:
    """The folders that a target's image holds: where each is here, and where there."""
    return re.findall(r"^COPY (\S+) (\w\S*)$", _stage(name), re.MULTILINE)


@pytest.mark.parametrize("name", ["base", *_IMAGES])
def test_the_lock_of_an_image_is_a_part_of_the_whole_lock(name: str) -> None:
    """What the tests ran with is what the image runs with, to the hash."""
    lock, whole = _blocks(f"requirements/{name}.lock"), _blocks("requirements.lock")
    assert lock
    assert lock.items() <= whole.items()


@pytest.mark.parametrize("name", ["base", *_IMAGES])
def test_the_lock_of_an_image_holds_what_the_project_declares(name: str) -> None:
    """P7: the base dependencies and the extra of the service; nothing of another's extra or of the tools'."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    pinned = _pins(f"requirements/{name}.lock").keys()
    declared = _names([*project["dependencies"], *extras.get(name, [])])
    assert declared <= pinned
    tools = _names([*extras["local"], *extras["dev"]]) - declared
    assert not tools & pinned


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
