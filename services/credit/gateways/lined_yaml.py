"""Reads YAML into plain values and remembers in which line each of them stands, so that a fault can be found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

Place = tuple[int | str, ...]
MAX_DEPTH = 20


class NotYaml(ValueError):
    """The text is no YAML that is accepted; `line` is where, the message why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Lined:
    """The values of a document, and the line of each place in it."""

    values: Any
    lines: Mapping[Place, int]

    def line_of(self, place: Place) -> int:
        """Return the line of this place, or of the nearest one around it that is there."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_lined(text: str) -> Lined:
    """Return a document without aliases, by which a small text can stand for a huge one, and without repeated keys."""
    try:
        node = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise NotYaml(line, error.problem or "This is no YAML") from None
    except (yaml.YAMLError, RecursionError):
        raise NotYaml(1, "This is no YAML") from None
    lines: dict[Place, int] = {}
    return Lined(_value(node, (), lines), lines)


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise NotYaml(self.line + 1, "Aliases are not accepted")
        return super().compose_node(parent, index)


def _value(node: yaml.Node | None, place: Place, lines: dict[Place, int]) -> Any:
    if node is None:
        return None
    lines.setdefault(place, node.start_mark.line + 1)
    if len(place) > MAX_DEPTH:
        raise NotYaml(lines[place], "This is nested too deeply")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, (*place, number), lines) for number, each in enumerate(node.value)]
    try:
        return SafeConstructor().construct_object(node)
    except (ValueError, yaml.YAMLError):
        raise NotYaml(lines[place], "This value is none that YAML knows") from None


def _mapping(node: yaml.MappingNode, place: Place, lines: dict[Place, int]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, each in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise NotYaml(line, "A key must be a word")
        if key.value in values:
            raise NotYaml(line, "This key stands twice")
        lines[*place, key.value] = line
        values[key.value] = _value(each, (*place, key.value), lines)
    return values
