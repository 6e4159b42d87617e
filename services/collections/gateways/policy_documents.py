"""Reads playbooks and stages from YAML: validated in every field, and versioned by their content."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.collections.domain.playbook import After, Message, Only, Playbook, Step, Work
from services.collections.domain.stages import StagePolicy, StageRule
from shared.contracts.event import Code, Currency
from shared.money import minor_digits, parse_amount

HOUSE = Path(__file__).resolve().parent.parent / "policies"
MAX_STEPS = 100

M = TypeVar("M", bound=BaseModel)


class PolicyError(ValueError):
    """The document is no policy; each of `errors` says where and why, and repeats nothing of it."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{each['pointer']}: {each['detail']}" for each in errors))
        self.errors = errors


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _amount(text: str) -> str:
    parse_amount(text, "CNY")
    return text


AmountText = Annotated[str, AfterValidator(_amount)]
AmountsByCurrency = dict[Currency, AmountText]
Days = Annotated[int, Field(ge=-366, le=3660)]
WorkingDays = Annotated[int, Field(ge=0, le=366)]


class OnlyDocument(_Document):
    """Whom a step or a whole playbook is for."""

    grades: list[Literal["A", "B", "C", "D"]] = []
    classes: list[Code] = []
    not_classes: list[Code] = []
    industries: list[Code] = []
    countries: list[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]] = []
    kinds: list[Literal["company", "public_body", "sole_trader"]] = []
    amount_from: AmountsByCurrency = {}

    def only(self) -> Only:
        """Return it as the domain knows it."""
        return Only(
            grades=frozenset(self.grades),
            classes=frozenset(self.classes),
            not_classes=frozenset(self.not_classes),
            industries=frozenset(self.industries),
            countries=frozenset(self.countries),
            kinds=frozenset(self.kinds),
            amount_from={currency: Decimal(text) for currency, text in self.amount_from.items()},
        )


class _At(_Document):
    days: Days | None = None
    working_days: Annotated[int, Field(ge=-366, le=366)] | None = None
    classified: bool = False

    @model_validator(mode="after")
    def _says_one(self) -> "_At":
        if [self.days is not None, self.working_days is not None, self.classified].count(True) != 1:
            raise ValueError("give one of days, working_days and classified")
        return self


class _After(_Document):
    step: Code
    working_days: WorkingDays = 0
    unanswered: bool = False


class _Message(_Document):
    purpose: Code
    channels: Annotated[list[Literal["email", "sms", "letter"]], Field(min_length=1)]
    formal: bool = False
    answer_working_days: Annotated[int, Field(ge=1, le=366)] | None = None


class _Task(_Document):
    kind: Code
    role: Code
    due_working_days: WorkingDays
    watched_by: Code | None = None
    choices: list[Code] = []
    approved_by: Code | None = None


class _Step(_Document):
    code: Code
    at: _At | None = None
    after: _After | None = None
    only: OnlyDocument | None = None
    ladder: Code | None = None
    message: _Message | None = None
    task: _Task | None = None
    supply_stop: bool = False
    listed: Annotated[Code | None, Field(alias="list")] = None
    approved_by: Code | None = None

    @model_validator(mode="after")
    def _does_one_thing_some_time(self) -> "_Step":
        if [self.message is not None, self.task is not None, self.supply_stop, self.listed is not None].count(
            True
        ) != 1:
            raise ValueError("give one of message, task, supply_stop and list")
        if self.supply_stop and self.approved_by is None:
            raise ValueError("a supply stop needs approved_by")
        if self.at is None and self.after is None:
            raise ValueError("give at or after")
        return self


class _Playbook(_Document):
    name: Code
    steps: Annotated[list[_Step], Field(min_length=1, max_length=MAX_STEPS)]

    @model_validator(mode="after")
    def _presupposes_what_is_there(self) -> "_Playbook":
        codes = {step.code for step in self.steps}
        if any(step.after is not None and step.after.step not in codes for step in self.steps):
            raise ValueError("a step comes after one that is not in the playbook")
        return self


class _When(_Document):
    days_from: Annotated[int, Field(ge=1, le=3660)] | None = None
    sum_from: AmountsByCurrency = {}
    invoices_from: Annotated[int, Field(ge=1)] | None = None
    grades: list[Literal["A", "B", "C", "D"]] = []

    @model_validator(mode="after")
    def _asks_something(self) -> "_When":
        if not (self.days_from or self.sum_from or self.invoices_from or self.grades):
            raise ValueError("a stage needs a condition")
        return self


class _Stage(_Document):
    code: Code
    owner: Code
    when: _When


class _Stages(_Document):
    name: Code
    grace_days: Annotated[int, Field(ge=0, le=366)] = 0
    minimum_amount: dict[Currency | Literal["default"], AmountText] = {"default": "0.00"}
    stages: Annotated[list[_Stage], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _has_codes_of_its_own(self) -> "_Stages":
        if len({stage.code for stage in self.stages}) != len(self.stages):
            raise ValueError("two stages have one code")
        return self


@lru_cache(maxsize=256)
def read_playbook(text: str) -> Playbook:
    """Return the playbook in a YAML text; raise PolicyError."""
    document = _read(_Playbook, text)
    steps = tuple(_step(rank, each) for rank, each in enumerate(document.steps))
    return Playbook(version=_version(document.name, document), steps=steps)


@lru_cache(maxsize=256)
def read_stages(text: str) -> StagePolicy:
    """Return the stages in a YAML text; raise PolicyError."""
    document = _read(_Stages, text)
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


def _step(rank: int, step: _Step) -> Step:
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


def _stage(stage: _Stage) -> StageRule:
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
