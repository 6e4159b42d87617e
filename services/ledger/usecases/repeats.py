"""Knows a document that is said again: the same number with the same content is the same document (L2, faults 3.42)."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any


def content_hash(facts: Any) -> bytes:
    """Return the SHA-256 of what was said; an empty field counts as not said, so that facts may get new fields."""
    return hashlib.sha256(json.dumps(_said(facts), sort_keys=True, default=str).encode()).digest()


def _said(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_said(each) for each in value]
    if not is_dataclass(value):
        return value
    said = {each.name: _said(getattr(value, each.name)) for each in fields(value)}
    return {type(value).__name__: {name: each for name, each in said.items() if each not in (None, [])}}
