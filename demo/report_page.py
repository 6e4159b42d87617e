"""Writes the JSON Schema of the demo's report, and the page that explains it field by field, from its models."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from demo.report import Report

_DOCS = Path(__file__).parents[1] / "docs"
SCHEMA = _DOCS / "report.schema.json"
PAGE = _DOCS / "report.md"

_HEAD = """# The demo's report

`make demo` writes `var/demo/report.json`. Its schema is [report.schema.json](report.schema.json); both are written from
`demo/report.py` by `make docs`. Amounts are decimal text, dates ISO 8601.
"""

Schema = Mapping[str, Any]


def report_documents() -> dict[Path, str]:
    """Return the text of both documents by their paths."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Report.model_json_schema()}
    return {SCHEMA: json.dumps(schema, indent=2) + "\n", PAGE: "\n".join((_HEAD, *_sections(schema))) + "\n"}


def _sections(schema: Schema) -> Iterator[str]:
    parts: Mapping[str, Schema] = {"Report": schema, **schema["$defs"]}
    for name, part in parts.items():
        yield f"## {name}\n\n{part['description']}\n"
        yield "| field | type | meaning |\n|---|---|---|"
        for field, shape in part["properties"].items():
            yield f"| `{field}` | {_type(shape)} | {shape.get('description', '')} |"
        yield ""


def _type(shape: Schema) -> str:
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in shape:
        return " or ".join(_type(each) for each in shape["anyOf"])
    if "enum" in shape:
        return " or ".join(f"`{each}`" for each in shape["enum"])
    if shape["type"] == "array":
        return f"list of {_type(shape['items'])}"
    if shape["type"] == "object":
        return f"{_type(shape['additionalProperties'])} by name"
    return str(shape.get("format", shape["type"]))
