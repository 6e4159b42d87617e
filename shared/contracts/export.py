"""Writes the JSON Schema of each event as it is recorded beside the code, in `schemas/<wire name>.json`."""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DecimalSchema

from shared.contracts import collections, credit, ledger, notifications
from shared.contracts.compatibility import incompatibilities
from shared.contracts.event import Event, catalogue

FOLDER = Path(__file__).parent / "schemas"
PUBLISHERS = {each.__name__.rpartition(".")[2]: each for each in (credit, ledger, collections, notifications)}


class _OnTheWire(GenerateJsonSchema):
    """JSON Schema of what is written: a decimal is text, never a number."""

    def decimal_schema(self, schema: DecimalSchema) -> JsonSchemaValue:
        """Return the schema of a decimal's text."""
        del schema  # bounds are numbers, which do not apply to text
        return {"type": "string", "pattern": r"^-?[0-9]+([.][0-9]+)?$", "examples": ["0.05"]}


def schema_of(event: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one event's body."""
    schema = event.model_json_schema(schema_generator=_OnTheWire)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:dueflow:{event.wire}", **schema}


def written_schemas() -> dict[Path, str]:
    """Return the text of every schema by its path."""
    return {FOLDER / f"{wire}.json": _text(schema_of(event)) for wire, event in catalogue().items()}


def broken_promises() -> list[str]:
    """Return how the events of today break readers of the recorded ones; a recorded event stays for ever."""
    events = catalogue()
    broken: list[str] = []
    for path in sorted(FOLDER.glob("*.json")):
        recorded = json.loads(path.read_text(encoding="utf-8"))
        if path.stem not in events:
            broken.append(f"{path.stem} was removed")
        else:
            broken += [f"{path.stem}: {each}" for each in incompatibilities(recorded, schema_of(events[path.stem]))]
    return broken


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
