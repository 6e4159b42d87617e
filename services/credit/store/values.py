"""Turns a frozen value of the domain into a row, without the deep copies that `dataclasses.asdict` makes."""

from dataclasses import fields
from typing import Any


def row_of(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass by name."""
    return {each.name: getattr(value, each.name) for each in fields(value)}
