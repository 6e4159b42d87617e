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
    """`wanted`, or a folder of its own under /var/tmp if the account cannot enter it (as below a private /root)."""
    if account is None or _everyone_may_enter(wanted.resolve().parent):
        folder = wanted
    else:
        digest = hashlib.sha256(str(wanted.resolve()).encode()).hexdigest()[:16]
        folder = _REACHABLE_HOME / f"dueflow-{digest}"
    _own(folder, account=account)
    return folder


def reachable_packages(site: Path, *, pattern: str, below: Path, account: Account | None) -> Path:
    """`site` itself, or a copy of its packages that match `pattern` below a folder that the account can reach."""
    if account is None or _everyone_may_enter(site.resolve()):
        return site
    copy = below / "packages"
    if not copy.exists():
        partial = below / "packages.partial"
        shutil.rmtree(partial, ignore_errors=True)
        for package in site.glob(pattern):
            shutil.copytree(package, partial / package.name, symlinks=True)
        partial.replace(copy)
        copy.chmod(0o755)
    return copy


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
