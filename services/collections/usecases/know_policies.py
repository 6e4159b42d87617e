"""Knows all policies: those of the house, which hold from the beginning, and those that were loaded."""

from datetime import date
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain.playbook import Only, Playbook
from services.collections.domain.policies import Effective, Policies
from services.collections.domain.stages import StagePolicy
from services.collections.gateways.policy_documents import HOUSE, read_playbook, read_segment, read_stages
from services.collections.store.policies import PLAYBOOK, STAGES, StoredPolicy, read_policies

_BEGINNING = date(1990, 1, 1)


async def know_policies(connection: AsyncConnection) -> Policies:
    """Return the policies that may hold for anybody on any day."""
    stored = await read_policies(connection)
    house = house_policies()
    return Policies(
        playbooks=(*house.playbooks, *(_playbook(each) for each in stored if each.kind == PLAYBOOK)),
        stages=(*house.stages, *(_stages(each) for each in stored if each.kind == STAGES)),
    )


async def known_policies(connection: AsyncConnection, kind: str) -> list[StoredPolicy]:
    """Return the policies of a kind that were loaded, as they were loaded."""
    return [each for each in await read_policies(connection) if each.kind == kind]


@lru_cache
def house_policies() -> Policies:
    """Return the default playbook and stages."""
    playbook = read_playbook(house_document(PLAYBOOK))
    stages = read_stages(house_document(STAGES))
    return Policies(
        playbooks=(Effective(name="house", effective_from=_BEGINNING, policy=playbook, segment=Only()),),
        stages=(Effective(name="house", effective_from=_BEGINNING, policy=stages, segment=Only()),),
    )


def house_document(kind: str) -> str:
    """Return the text of a default policy."""
    return (HOUSE / f"default_{kind}.yaml").read_text(encoding="utf-8")


def _playbook(stored: StoredPolicy) -> Effective[Playbook]:
    return Effective(
        name=stored.name,
        effective_from=stored.effective_from,
        policy=read_playbook(stored.document),
        segment=read_segment(stored.segment),
    )


def _stages(stored: StoredPolicy) -> Effective[StagePolicy]:
    return Effective(
        name=stored.name,
        effective_from=stored.effective_from,
        policy=read_stages(stored.document),
        segment=read_segment(stored.segment),
    )
