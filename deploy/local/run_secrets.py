"""The generated passwords and keys of one local run, in one file only its owner can read."""

import json
import secrets
from pathlib import Path

from deploy.local.files import write_private


class Secrets:
    """Named secrets that are made when first asked for and stay the same afterwards."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, name: str) -> str:
        """The secret of this name: 43 URL-safe characters."""
        if name not in self._values:
            self._values[name] = secrets.token_urlsafe(32)
            write_private(self._path, json.dumps(self._values, indent=2))
        return self._values[name]
