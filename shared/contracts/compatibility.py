"""Says whether a schema may replace the recorded one of the same version: only optional fields may be added (P3).

Topics keep everything: newer readers meet old events, and older readers new ones. Both must understand them.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_ANNOTATIONS = {"title", "description", "examples", "$schema", "$id", "$defs"}
_OBJECT = {"properties", "required"}


def incompatibilities(recorded: Schema, present: Schema) -> list[str]:
    """Return what breaks an older or a newer reader, each by the field's place; nothing if all is well."""
    return list(_compare(_resolved(recorded, recorded), _resolved(present, present), "event"))


def _compare(recorded: Any, present: Any, place: str) -> Iterator[str]:
    if not isinstance(recorded, dict) or not isinstance(present, dict):
        if recorded != present:
            yield f"{place} was {recorded} and is {present}"
        return
    yield from _compare_fields(recorded, present, place)
    for key in sorted((recorded.keys() | present.keys()) - _ANNOTATIONS - _OBJECT):
        before, after = recorded.get(key), present.get(key)
        if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            for index, (old, new) in enumerate(zip(before, after, strict=True)):
                yield from _compare(old, new, f"{place}.{key}[{index}]")
        else:
            yield from _compare(before, after, f"{place}.{key}")


def _compare_fields(recorded: Schema, present: Schema, place: str) -> Iterator[str]:
    before, after = recorded.get("properties", {}), present.get("properties", {})
    was_required, is_required = set(recorded.get("required", ())), set(present.get("required", ()))
    for name, schema in before.items():
        if name not in after:
            yield f"{place}.{name} was removed"
            continue
        if (name in was_required) != (name in is_required):
            yield f"{place}.{name} became {'required' if name in is_required else 'optional'}"
        yield from _compare(schema, after[name], f"{place}.{name}")
    for name in after.keys() - before.keys():
        if name in is_required:
            yield f"{place}.{name} is new and required"


def _resolved(node: Any, root: Schema) -> Any:
    """Return the schema with every reference replaced by what it points to; our events do not nest themselves."""
    if isinstance(node, list):
        return [_resolved(each, root) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = root["$defs"][node["$ref"].rpartition("/")[2]]
        return _resolved({**target, **{key: value for key, value in node.items() if key != "$ref"}}, root)
    return {key: _resolved(value, root) for key, value in node.items() if key != "$defs"}
