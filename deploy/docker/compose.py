"""Calls Docker Compose on this repository's file, and says in one sentence what is missing where it cannot."""

import asyncio
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.state import ROOT

EXAMPLE = ROOT / ".env.example"
_SECRET_BYTES = 24
_PATIENCE_SECONDS = 15


class NoDocker(Exception):
    """Containers cannot be run here, for the reason that the message gives."""


class ComposeFailed(Exception):
    """Docker Compose ended with an error, which it has printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """One project of containers: its name, the files that describe it, and what they are told."""

    project: str
    files: Sequence[str] = ("docker-compose.yml",)
    settings: Mapping[str, str] = field(default_factory=dict)

    async def run(self, *arguments: str) -> None:
        """Run a command of Docker Compose and show what it prints; raises `ComposeFailed`."""
        files = [word for file in self.files for word in ("--file", str(ROOT / file))]
        # In a session of its own, so that Ctrl-C reaches it only through us, and never a `down` that cleans up.
        process = await asyncio.create_subprocess_exec(
            *("docker", "compose", "--project-name", self.project, *files, *arguments),
            env={**os.environ, **self.settings},
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if status:
            raise ComposeFailed(
                f"`docker compose {' '.join(arguments)}` of the project {self.project} ended with {status}"
            )


def require_docker() -> str:
    """Return the version of Docker Compose; raises `NoDocker` where containers cannot be run."""
    if shutil.which("docker") is None:
        raise NoDocker("there is no Docker here: https://docs.docker.com/engine/install")
    found = _docker("compose", "version", "--short")
    if found is None:
        raise NoDocker("Docker has no `compose`: https://docs.docker.com/compose/install")
    if _docker("info", "--format", "{{.ServerVersion}}") is None:
        raise NoDocker("Docker's daemon does not answer: start it, or ask to be let into the group docker")
    return found


def fresh_settings(**chosen: str) -> dict[str, str]:
    """Return all that `.env.example` names: as chosen, else its default, else a fresh secret."""
    return {
        name: chosen.get(name) or default or secrets.token_hex(_SECRET_BYTES)
        for name, default in read_settings(EXAMPLE).items()
    }


def read_settings(path: Path) -> dict[str, str]:
    """Return what a file such as .env says."""
    return dict(re.findall(r"^(\w+)=(.*)$", path.read_text(), re.MULTILINE))


def _docker(*arguments: str) -> str | None:
    """Return what Docker prints, None where it fails or does not answer."""
    try:
        finished = subprocess.run(
            ["docker", *arguments],  # noqa: S607 - the user's own
            capture_output=True,
            check=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout.strip()
