"""The shape of policy documents: what a playbook or a set of stages may say, and nothing else."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.collections.domain.playbook import Only
from shared.contracts.event import Code, Currency
from shared.money import parse_amount

MAX_STEPS = 100


class Document(BaseModel):
    """A part of a policy: exactly these members."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _amount(text: str) -> str:
    parse_amount(text, "CNY")
    return text


AmountText = Annotated[str, AfterValidator(_amount)]
AmountsByCurrency = dict[Currency, AmountText]
Days = Annotated[int, Field(ge=-366, le=3660)]
WorkingDays = Annotated[int, Field(ge=0, le=366)]


class OnlyDocument(Document):
    """Whom a step or a whole playbook is for."""

    grades: list[Literal["A", "B", "C", "D"]] = []
    lights: list[Literal["green", "yellow", "red"]] = []
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
            lights=frozenset(self.lights),
            classes=frozenset(self.classes),
            not_classes=frozenset(self.not_classes),
            industries=frozenset(self.industries),
            countries=frozenset(self.countries),
            kinds=frozenset(self.kinds),
            amount_from={currency: Decimal(text) for currency, text in self.amount_from.items()},
        )


class AtDocument(Document):
    """When a step is due, by one of three measures."""

    days: Days | None = None
    working_days: Annotated[int, Field(ge=-366, le=366)] | None = None
    classified: bool = False

    @model_validator(mode="after")
    def _says_one(self) -> "AtDocument":
        if [self.days is not None, self.working_days is not None, self.classified].count(True) != 1:
            raise ValueError("give one of days, working_days and classified")
        return self


class AfterDocument(Document):
    """What a step presupposes."""

    step: Code
    working_days: WorkingDays = 0
    unanswered: bool = False


class MessageDocument(Document):
    """What a step says to the customer."""

    purpose: Code
    channels: Annotated[list[Literal["email", "sms", "letter"]], Field(min_length=1)]
    formal: bool = False
    answer_working_days: Annotated[int, Field(ge=1, le=366)] | None = None


class TaskDocument(Document):
    """What a step gives a person to do."""

    kind: Code
    role: Code
    due_working_days: WorkingDays
    watched_by: Code | None = None
    choices: list[Code] = []
    approved_by: Code | None = None


class StepDocument(Document):
    """One step of a playbook."""

    code: Code
    at: AtDocument | None = None
    after: AfterDocument | None = None
    only: OnlyDocument | None = None
    ladder: Code | None = None
    message: MessageDocument | None = None
    task: TaskDocument | None = None
    supply_stop: bool = False
    listed: Annotated[Code | None, Field(alias="list")] = None
    approved_by: Code | None = None

    @model_validator(mode="after")
    def _does_one_thing_some_time(self) -> "StepDocument":
        if [self.message is not None, self.task is not None, self.supply_stop, self.listed is not None].count(
            True
        ) != 1:
            raise ValueError("give one of message, task, supply_stop and list")
        if self.supply_stop and self.approved_by is None:
            raise ValueError("a supply stop needs approved_by")
        if self.at is None and self.after is None:
            raise ValueError("give at or after")
        return self


class PlaybookDocument(Document):
    """A playbook."""

    name: Code
    steps: Annotated[list[StepDocument], Field(min_length=1, max_length=MAX_STEPS)]

    @model_validator(mode="after")
    def _presupposes_what_is_there(self) -> "PlaybookDocument":
        codes = {step.code for step in self.steps}
        if any(step.after is not None and step.after.step not in codes for step in self.steps):
            raise ValueError("a step comes after one that is not in the playbook")
        return self


class WhenDocument(Document):
    """The conditions of a stage, joined by "and"."""

    days_from: Annotated[int, Field(ge=1, le=3660)] | None = None
    sum_from: AmountsByCurrency = {}
    invoices_from: Annotated[int, Field(ge=1)] | None = None
    grades: list[Literal["A", "B", "C", "D"]] = []

    @model_validator(mode="after")
    def _asks_something(self) -> "WhenDocument":
        if not (self.days_from or self.sum_from or self.invoices_from or self.grades):
            raise ValueError("a stage needs a condition")
        return self


class StageDocument(Document):
    """One stage."""

    code: Code
    owner: Code
    when: WhenDocument


class StagesDocument(Document):
    """The stages from the lowest to the highest."""

    name: Code
    grace_days: Annotated[int, Field(ge=0, le=366)] = 0
    minimum_amount: dict[Currency | Literal["default"], AmountText] = {"default": "0.00"}
    stages: Annotated[list[StageDocument], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _has_codes_of_its_own(self) -> "StagesDocument":
        if len({stage.code for stage in self.stages}) != len(self.stages):
            raise ValueError("two stages have one code")
        return self
