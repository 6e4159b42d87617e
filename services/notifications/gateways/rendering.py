"""Renders templates in a sandbox in which they can show, repeat and choose, and do nothing else (N2)."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import yaml
from jinja2 import BaseLoader, DictLoader, StrictUndefined, Template, TemplateError, meta
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER = Path(__file__).resolve().parents[1] / "templates"
MAX_OUTPUT = 500_000

_LAYOUTS = {name: (FOLDER / name).read_text(encoding="utf-8") for name in ("layout.txt", "layout.html")}
_LETTER = (FOLDER / "letter.typ").read_text(encoding="utf-8")
_CUT = "\x1e"
# A letter says what the mail says, with a layout of its own: the same words, cut where the table of debts stands.
_PARTS = {
    "layout.txt": _CUT.join(
        (
            "{% block message %}{% endblock %}",
            "{% block closing %}{% endblock %}",
            "{% block footer %}{{ label.crossed }}{% endblock %}",
        )
    )
}
_LABELS: dict[str, Any] = yaml.safe_load((FOLDER / "labels.yaml").read_text(encoding="utf-8"))
_FILTERS = ("e", "escape", "first", "join", "last", "length", "lower", "upper")


class BadTemplate(ValueError):
    """The template cannot be rendered; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Words:
    """The three sources of a template."""

    subject: str
    body_text: str
    body_html: str

    @classmethod
    def built_in(cls, name: str) -> Self:
        """Return the words that come with the program under a name such as "reminder.zh"."""
        return cls(*((FOLDER / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("subject", "txt", "html")))

    @property
    def version(self) -> str:
        """Return a hash of all that shapes the message: the words, and the layout around them."""
        parts = (self.subject, self.body_text, self.body_html, *_LAYOUTS.values(), _LETTER, repr(_LABELS))
        return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]

    def shows(self, variable: str) -> bool:
        """Return whether both bodies speak of a variable: one that may be filled in must not be lost in either."""
        return all(
            variable in meta.find_undeclared_variables(_TEXT.parse(source))
            for source in (self.body_text, self.body_html)
        )


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the recipient reads."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class LetterWords:
    """The title and the paragraphs of a letter, before and after its table, and at its foot; and its labels."""

    title: str
    opening: tuple[str, ...]
    closing: tuple[str, ...]
    footer: tuple[str, ...]
    labels: Mapping[str, str]


class _Sandbox(ImmutableSandboxedEnvironment):
    """No arithmetic, no calls, no attributes but those of a loop: figures come from events and are only shown."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})
    intercepted_unops = frozenset({"+", "-"})

    def __init__(self, loader: BaseLoader, *, autoescape: bool) -> None:
        super().__init__(loader=loader, autoescape=autoescape, undefined=StrictUndefined, keep_trailing_newline=True)
        self.trim_blocks = self.lstrip_blocks = True
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 - Jinja's signature
        return isinstance(obj, LoopContext) and attr in ("index", "first", "last")

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002 - Jinja's signature
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - Jinja's signature
        raise SecurityError(f"a template does not compute: {operator}")

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:  # noqa: ARG002 - Jinja's signature
        raise SecurityError(f"a template does not compute: {operator}")


_TEXT = _Sandbox(DictLoader(_LAYOUTS), autoescape=False)
_HTML = _Sandbox(DictLoader(_LAYOUTS), autoescape=True)
_CUTTING = _Sandbox(DictLoader(_PARTS), autoescape=False)


def render(words: Words, model: Mapping[str, Any], *, language: str) -> Rendered:
    """Return the message's subject (one line), text and HTML; raise BadTemplate where the words do not fit."""
    values = {**model, "label": _LABELS[language], "language": language}
    try:
        rendered = Rendered(
            subject=" ".join(_compiled(_TEXT, words.subject).render(values).split()),
            text=_compiled(_TEXT, words.body_text).render(values),
            html=_compiled(_HTML, words.body_html).render(values),
        )
    except TemplateError as error:
        raise BadTemplate(f"{type(error).__name__}: {error.message}") from error
    if not rendered.subject or max(len(rendered.text), len(rendered.html)) > MAX_OUTPUT:
        raise BadTemplate("the subject is empty or the text too long")
    return rendered


def render_letter(words: Words, model: Mapping[str, Any], *, language: str) -> LetterWords:
    """Return the words of the message as those of a letter; its title is the subject, or the block of that name."""
    values = {**model, "label": _LABELS[language], "language": language}
    try:
        subject = _compiled(_TEXT, words.subject)
        title = subject.blocks.get("title")
        said = "".join(title(subject.new_context(values))) if title else subject.render(values)
        body = _compiled(_CUTTING, words.body_text).render(values)
    except TemplateError as error:
        raise BadTemplate(f"{type(error).__name__}: {error.message}") from error
    opening, closing, footer = (tuple(_paragraphs(part)) for part in f"{body}{_CUT * 2}".split(_CUT)[:3])
    title_line = " ".join(said.split())
    return LetterWords(title_line[:1].upper() + title_line[1:], opening, closing, footer, _LABELS[language])


def _paragraphs(part: str) -> Iterator[str]:
    for paragraph in part.split("\n\n"):
        if plain := " ".join(paragraph.split()):
            yield plain


@lru_cache(maxsize=256)
def _compiled(environment: _Sandbox, source: str) -> Template:
    return environment.from_string(source)
