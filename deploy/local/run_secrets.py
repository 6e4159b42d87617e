"""The generated passwords and keys of one local run, in one file only its owner can read."""

import json
import os
import secrets
from pathlib import Path


class Secrets:
    """Named secrets that are made when first asked for and stay the same afterwards."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, name: str) -> str:
        """The secret of this name: 43 URL-safe characters."""
        if name not in self._values:
            self._values[name] = secrets.token_urlsafe(32)
            self._save()
        return self._values[name]

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(self._values, file, indent=2)
        fresh.replace(self._path)
