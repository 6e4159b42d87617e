"""Knows a document that is said again: the same number with the same content is the same document (L2, faults 3.42)."""

import hashlib
import json
from typing import Any


def content_hash(facts: Any) -> bytes:
    """Return the SHA-256 of what was said; an empty field counts as not said, so that facts may get new fields."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=_said).encode()).digest()


def _said(value: Any) -> Any:
    """Return a value that is no JSON: facts by the names of their fields, all else as text."""
    # Not dataclasses.fields(), which is slow for what runs with every document.
    names = getattr(value, "__dataclass_fields__", None)
    if names is None:
        return str(value)
    said = ((name, getattr(value, name)) for name in names)
    return {type(value).__name__: {name: each for name, each in said if each is not None and each != ()}}
