"""The text messages that providers have approved: loaded strictly, with typed variables, never free text (N1)."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.notifications.domain.texting import VARIABLES, VariableType, fitted

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]

MAX_TEXT = 500

_REFUSED = ("¥", "￥", "$", "http://", "https://", "www.")
"""What gateways refuse in an approved text: currency signs and links."""


class BadTextTemplates(ValueError):
    """The file of text messages cannot be used; the message says where and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Variable(_Strict):
    """A gap in the words: what kind of value goes there, and how long it may be."""

    type: VariableType
    max_length: Annotated[int, Field(ge=1, le=200)]


class Approval(_Strict):
    """What one provider calls these words, and whether it has approved them."""

    template_id: Annotated[str, Field(pattern=r"^[!-~]{1,100}$")]
    approval_status: Literal["approved", "pending", "rejected"]


class TextTemplate(_Strict):
    """The words for one purpose in one language."""

    purpose: Name
    language: Literal["zh", "en"]
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    variables: dict[str, Variable]
    on_unknown: Literal["ask", "resend"]
    providers: dict[Name, Approval]

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        words = Template(self.text)
        if not words.is_valid() or set(words.get_identifiers()) != set(self.variables):
            raise ValueError("the variables in the text and those declared are not the same")
        for name, variable in self.variables.items():
            if VARIABLES.get(name) != variable.type:
                raise ValueError(f"no variable {name} of type {variable.type}; there are {dict(VARIABLES)}")
        fixed = words.substitute(dict.fromkeys(self.variables, ""))
        if not any(each.isalpha() for each in fixed) or any(each in fixed for each in _REFUSED):
            raise ValueError("the text needs words of its own, without currency signs and links")
        return self

    @cached_property
    def version(self) -> str:
        """Return a hash of the words and of what may stand in their gaps."""
        said = f"{self.text}\x00{sorted(self.variables.items())!r}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def approved_by(self, providers: Collection[str]) -> list[str]:
        """Return those of the providers that have approved these words."""
        return [
            each for each in providers if each in self.providers and self.providers[each].approval_status == "approved"
        ]

    def fill(self, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Return the text and the variables in it; raise DoesNotFit where a value is too long."""
        gaps = {name: fitted(name, values[name], max_length=gap.max_length) for name, gap in self.variables.items()}
        return Template(self.text).substitute(gaps), gaps


class _File(_Strict):
    templates: Sequence[TextTemplate]

    @model_validator(mode="after")
    def _once(self) -> Self:
        keys = [(each.purpose, each.language) for each in self.templates]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"more than one text for {sorted(twice)}")
        return self


def load_text_templates(path: Path) -> dict[tuple[str, str], TextTemplate]:
    """Return the texts of a file by purpose and language; raise BadTextTemplates that says what is wrong where."""
    try:
        read: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        file = _File.model_validate(read)
    except (OSError, yaml.YAMLError) as error:
        raise BadTextTemplates(f"{path}: {error}") from error
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise BadTextTemplates(f"{path}: {found}") from error
    return {(each.purpose, each.language): each for each in file.templates}
