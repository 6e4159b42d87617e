"""The file of API keys: names, hashes and scopes; the key itself is shown once and stored nowhere in it."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.files import write_private
from shared.web.keys import Scope, key_entry

ALL_SCOPES: frozenset[Scope] = frozenset({"read", "write", "admin"})
READS: frozenset[Scope] = frozenset({"read"})


def new_key(path: Path, name: str, *, scopes: frozenset[Scope] = ALL_SCOPES) -> str:
    """Admit a new key of this name in place of any older one, and return it."""
    key = f"dueflow_{secrets.token_urlsafe(32)}"
    admit(path, name, key, scopes=scopes)
    return key


def admit(path: Path, name: str, key: str, *, scopes: frozenset[Scope] = ALL_SCOPES) -> None:
    """Write `key` into the file under this name; running services see it at once."""
    _write(path, {**_read(path), name: key_entry(name, key, scopes)})


def known_keys(path: Path) -> dict[str, list[str]]:
    """By name: what each key may do."""
    return {name: list(entry["scopes"]) for name, entry in _read(path).items()}


def revoke(path: Path, name: str) -> bool:
    """Take the key of this name away; False if there was none."""
    entries = _read(path)
    existed = entries.pop(name, None) is not None
    _write(path, entries)
    return existed


def _read(path: Path) -> dict[str, Mapping[str, Any]]:
    return {entry["name"]: entry for entry in json.loads(path.read_text())} if path.exists() else {}


def _write(path: Path, entries: Mapping[str, Mapping[str, object]]) -> None:
    write_private(path, json.dumps(list(entries.values()), indent=2))
