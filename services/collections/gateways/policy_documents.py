"""Reads playbooks and stages from YAML: validated in every field, and versioned by their content."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from services.collections.domain.playbook import After, Message, Only, Playbook, Step, Work
from services.collections.domain.stages import StagePolicy, StageRule
from services.collections.gateways.policy_models import (
    OnlyDocument,
    PlaybookDocument,
    StageDocument,
    StagesDocument,
    StepDocument,
)
from shared.money import minor_digits

HOUSE = Path(__file__).resolve().parent.parent / "policies"

M = TypeVar("M", bound=BaseModel)


class PolicyError(ValueError):
    """The document is no policy; each of `errors` says where and why, and repeats nothing of it."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{each['pointer']}: {each['detail']}" for each in errors))
        self.errors = errors


@lru_cache(maxsize=256)
def read_playbook(text: str) -> Playbook:
    """Return the playbook in a YAML text; raise PolicyError."""
    document = _read(PlaybookDocument, text)
    steps = tuple(_step(rank, each) for rank, each in enumerate(document.steps))
    return Playbook(version=_version(document.name, document), steps=steps)


@lru_cache(maxsize=256)
def read_stages(text: str) -> StagePolicy:
    """Return the stages in a YAML text; raise PolicyError."""
    document = _read(StagesDocument, text)
    amounts = {currency: Decimal(amount) for currency, amount in document.minimum_amount.items()}
    return StagePolicy(
        version=_version(document.name, document),
        grace_days=document.grace_days,
        minimum_amount=amounts.pop("default", Decimal(0)),
        minimum_amounts=amounts,
        stages=tuple(_stage(each) for each in document.stages),
    )


def read_segment(values: Mapping[str, Any]) -> Only:
    """Return the segment in these values; raise PolicyError."""
    return _validate(OnlyDocument, dict(values)).only()


def _step(rank: int, step: StepDocument) -> Step:
    return Step(
        code=step.code,
        rank=rank,
        days=step.at.days if step.at is not None else None,
        working_days=step.at.working_days if step.at is not None else None,
        classified=step.at is not None and step.at.classified,
        after=After(**step.after.model_dump()) if step.after is not None else None,
        only=step.only.only() if step.only is not None else None,
        ladder=step.ladder,
        message=Message(**_tuples(step.message)) if step.message is not None else None,
        work=Work(**_tuples(step.task)) if step.task is not None else None,
        supply_stop=step.supply_stop,
        listed_for=step.listed,
        approved_by=step.approved_by,
    )


def _stage(stage: StageDocument) -> StageRule:
    return StageRule(
        code=stage.code,
        owner_role=stage.owner,
        days_from=stage.when.days_from,
        sum_from={each: int(Decimal(text).scaleb(minor_digits(each))) for each, text in stage.when.sum_from.items()},
        invoices_from=stage.when.invoices_from,
        grades=frozenset(stage.when.grades),
    )


def _tuples(document: BaseModel) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in document.model_dump().items()}


def _version(name: str, document: BaseModel) -> str:
    """Return name and content hash: the same rules have the same version, however the file is laid out."""
    canonical = json.dumps(document.model_dump(mode="json"), sort_keys=True)
    return f"{name}@{hashlib.sha256(canonical.encode()).hexdigest()[:12]}"


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, by which a small text can stand for a huge one, and without repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise PolicyError([{"pointer": "", "detail": "Aliases are not accepted"}])
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - the package's
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            raise PolicyError([{"pointer": "", "detail": "A key stands twice"}])
        return mapping


def _read(model: type[M], text: str) -> M:
    try:
        found = yaml.load(text, _PlainLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, PolicyError):
            raise
        raise PolicyError([{"pointer": "", "detail": "The text is not YAML"}]) from error
    return _validate(model, found)


def _validate(model: type[M], found: object) -> M:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        errors = [
            {"pointer": "".join(f"/{part}" for part in each["loc"]), "detail": each["msg"]}
            for each in error.errors(include_input=False, include_url=False)[:20]
        ]
        raise PolicyError(errors) from error
