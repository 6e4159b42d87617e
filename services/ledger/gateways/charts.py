"""Reads the charts of accounts: one YAML file for each profile gives every role its number and name (L14)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from services.ledger.domain.journal import Role

PROFILES = ("china", "ifrs")
_FOLDER = Path(__file__).resolve().parent.parent / "charts"


class Account(NamedTuple):
    """An account of a chart."""

    account: str
    name: str


@cache
def chart(profile: str) -> Mapping[Role, Account]:
    """Return the accounts of a profile by role; raise where a role has none, or a number is given twice."""
    document = yaml.safe_load((_FOLDER / f"{profile}.yaml").read_text("utf-8"))
    accounts = {Role(role): Account(**fields) for role, fields in document.items()}
    if set(accounts) != set(Role) or len({each.account for each in accounts.values()}) != len(Role):
        msg = f"the chart {profile} must give each role an account of its own"
        raise ValueError(msg)
    return accounts


def account_names(profile: str) -> Mapping[str, str]:
    """Return the names of a profile's accounts by their numbers."""
    return {each.account: each.name for each in chart(profile).values()}
