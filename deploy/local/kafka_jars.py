"""Apache Kafka's jars: fetched once from the user's Maven repositories by coordinates, checked against our own sums."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext
from rich.progress import track

SUMS = Path(__file__).with_name("kafka-jars.sha256")
CACHE = Path(__file__).parents[2] / "var" / "cache" / "kafka"
_PARALLEL_DOWNLOADS = 4
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar: the SHA-256 sum its bytes must have, and its Maven coordinates."""

    sha256: str
    group: str
    artifact: str
    version: str

    @property
    def path(self) -> Path:
        """Where the jar lies in the cache, whether fetched or not."""
        return CACHE / f"{self.artifact}-{self.version}.jar"


def pinned_jars() -> list[Jar]:
    """The jars of `kafka-jars.sha256`, in its order, which is the order of the class path."""
    rows = (line.split() for line in SUMS.read_text().splitlines())
    return [Jar(sha256, *coordinates.split(":")) for sha256, coordinates in rows]


def class_path() -> str:
    """The class path of the fetched jars; raises `FileNotFoundError` naming what to do if one is missing."""
    jars = pinned_jars()
    if missing := [jar.path.name for jar in jars if not jar.path.exists()]:
        raise FileNotFoundError(
            f"{len(missing)} of Kafka's jars are not there (such as {missing[0]}): run `make setup`"
        )
    return os.pathsep.join(str(jar.path) for jar in jars)


def fetch() -> None:
    """Download what is missing, with a progress bar, and refuse any file whose sum differs."""
    missing = [jar for jar in pinned_jars() if not jar.path.exists()]
    if not missing:
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    maven = _maven()
    with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
        fetched = pool.map(lambda jar: _fetch_one(jar, maven=maven), missing)
        for _ in track(fetched, description="Kafka's jars", total=len(missing)):
            pass


def _fetch_one(jar: Jar, *, maven: MavenContext) -> None:
    artifact = maven.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    content = artifact.resolve().read_bytes()
    if hashlib.sha256(content).hexdigest() != jar.sha256:
        artifact.resolve().unlink()
        raise ValueError(f"{jar.path.name} does not have the pinned SHA-256 sum; it was thrown away")
    partial = jar.path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(jar.path)


def _maven() -> MavenContext:
    """The user's local repository and, before Maven Central, the repositories of the user's jgo configuration."""
    settings = GlobalSettings.load()
    return MavenContext(
        repo_cache=settings.repo_cache,
        remote_repos={**settings.repositories, "central": MAVEN_CENTRAL_URL},
        timeout=_TIMEOUT_SECONDS,
    )


if __name__ == "__main__":
    fetch()
