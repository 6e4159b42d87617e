"""What must hold of the whole repository: the import root, and files that name no machine and no registry."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_MACHINE_PATHS = ("/" + "work/", "/" + "root/", "/" + "home/")
_REGISTRIES = ("pypi" + ".org", "files.python" + "hosted.org", "repo1." + "maven.org", "repo.maven" + ".apache.org")
_GENERATED = {"requirements.lock"}


def _tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607  # whichever git the developer has
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("folder", ["services", "services/*", "deploy"])
def test_namespace_packages_stay_namespace_packages(folder: str) -> None:
    """An `__init__.py` there would let a tool put `services/` on the path, and `collections` would be ours."""
    assert not list(ROOT.glob(f"{folder}/__init__.py"))


def test_collections_is_the_standard_library_in_tests_and_in_services() -> None:
    """The import root is the repository; `services/` is never on the path."""
    assert not [entry for entry in sys.path if Path(entry).resolve() == ROOT / "services"]
    program = "import collections, sys; import shared; print(collections.__file__)"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert not Path(found.strip()).is_relative_to(ROOT / "services")


def test_every_module_opens_with_one_sentence() -> None:
    """A reader learns from the first line what a file is for."""
    without = []
    for path in _tracked_files():
        if path.suffix == ".py" and not {"migrations", "tests"} & set(path.parts):
            said = ast.get_docstring(ast.parse(path.read_text()))
            if not said or not said.partition("\n\n")[0].endswith((".", "?", ":")):
                without.append(str(path.relative_to(ROOT)))
    assert without == []


def test_no_file_names_this_machine_or_a_registry() -> None:
    """Whoever clones it has other folders, and perhaps another mirror."""
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in _tracked_files()
        if path.name not in _GENERATED and path.suffix not in {".png", ".gif", ".woff2"}
        for word in (*_MACHINE_PATHS, *_REGISTRIES)
        if word in path.read_text(errors="replace")
    ]
    assert found == []


def test_the_lock_names_no_download_address() -> None:
    """P1: any mirror serves it, and every package is pinned with its hashes."""
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--index-url" not in lock
    pinned = [line for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert len(pinned) > 50
    assert all(line.endswith("\\") for line in pinned)


def test_kafkas_jars_are_pinned_one_by_one() -> None:
    """P1: coordinates and SHA-256 sums, no address."""
    rows = [line.split() for line in (ROOT / "deploy/local/kafka-jars.sha256").read_text().splitlines()]
    assert len(rows) > 40
    assert all(len(sha256) == 64 and coordinates.count(":") == 2 for sha256, coordinates in rows)


def test_row_34_no_deadline_hangs_on_a_clock_that_may_leap() -> None:
    """Faults 2.34: `time.monotonic` and the event loop measure; no code reads the wall clock for it."""
    code = [path for path in _tracked_files() if path.suffix == ".py" and "tests" not in path.parts]
    ids = ROOT / "shared/ids.py"  # an id carries an instant, and nobody waits for it
    running = [path for path in code if path.relative_to(ROOT).parts[0] in {"shared", "services", "checker"}]
    running.remove(ids)
    assert any("time.monotonic()" in path.read_text(encoding="utf-8") for path in running)
    assert [path for path in running if _reads_wall_time(ast.parse(path.read_text(encoding="utf-8")))] == []


def _reads_wall_time(tree: ast.Module) -> bool:
    wall = {"time", "time_ns"}
    imported = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "time")
    asked = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    by_name = {each.name for node in imported for each in node.names} & wall
    return bool(by_name or asked & {f"time.{each}" for each in wall})


@pytest.mark.parametrize(
    ("code", "reads"),
    [("import time\nt = time.time()", True), ("from time import time_ns", True), ("time.monotonic()", False)],
)
def test_row_34_a_module_that_reads_the_wall_clock_is_found(code: str, *, reads: bool) -> None:
    """The check itself: both ways of asking are seen."""
    assert _reads_wall_time(ast.parse(code)) is reads
