"""Reads JSON as RFC 8259 means it, and refuses whatever two readers could understand differently."""

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 32
MAX_INTEGER_DIGITS = 100

_UNSAFE = re.compile("[\x00\ud800-\udfff]")


class MalformedJson(ValueError):
    """The bytes are not the JSON we accept; the message names the cause and never the content."""


class UnstorableValue(MalformedJson):
    """The JSON is well formed, but a string holds NUL or half a surrogate pair, or an integer needs over 64 bits."""

    def __init__(self, pointer: str) -> None:
        super().__init__("a value cannot be stored: NUL, a lone surrogate, or an integer over 64 bits")
        self.pointer = pointer


def parse(raw: bytes) -> Any:
    """Return the value of one JSON text, or raise MalformedJson (UnstorableValue where one value is at fault)."""
    try:
        value = json.loads(
            _text(raw),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
    except RecursionError:
        raise MalformedJson("nested too deep") from None
    except json.JSONDecodeError as error:
        raise MalformedJson(f"not JSON at character {error.pos}") from None
    _inspect(value)
    return value


def _text(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise MalformedJson("starts with a byte order mark")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedJson("not UTF-8") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("an object names a key twice")
    return members


def _constant(_name: str) -> NoReturn:
    raise MalformedJson("NaN and Infinity are not JSON")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise MalformedJson("a number is out of range")
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise MalformedJson("an integer has too many digits")
    return int(text)


def _inspect(value: object) -> None:
    """Walks without recursion, so that no input can exhaust the stack."""
    waiting: list[tuple[object, str, int]] = [(value, "", 0)]
    while waiting:
        node, pointer, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise MalformedJson("nested too deep")
        if _unstorable(node):
            raise UnstorableValue(pointer)
        if isinstance(node, dict):
            if any(_unstorable(key) for key in node):
                raise UnstorableValue(pointer)
            waiting.extend((child, f"{pointer}/{escape(key)}", depth + 1) for key, child in node.items())
        elif isinstance(node, list):
            waiting.extend((child, f"{pointer}/{index}", depth + 1) for index, child in enumerate(node))


def _unstorable(node: object) -> bool:
    if isinstance(node, str):
        return _UNSAFE.search(node) is not None
    return isinstance(node, int) and not -(2**63) <= node < 2**63


def escape(part: str) -> str:
    """One part of a JSON pointer (RFC 6901, section 3)."""
    return part.replace("~", "~0").replace("/", "~1")
