"""Makes bodies of events from their JSON Schemas, so that tests need no example of each written by hand."""

from typing import Any

from hypothesis import strategies as st

# U+0000 is in no event: PostgreSQL's text cannot hold it.
_TEXT = st.characters(min_codepoint=1, exclude_categories=["Cs"])
_ASCII = st.characters(codec="ascii")
_FORMATS: dict[str, st.SearchStrategy[Any]] = {
    "uuid": st.uuids().map(str),
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
}


def bodies_of(schema: dict[str, Any], root: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Return what the schema allows; where it names examples (a currency, a rate), those."""
    root = root or schema
    match schema:
        case {"$ref": str(reference)}:
            made = bodies_of(root["$defs"][reference.rpartition("/")[2]], root)
        case {"anyOf": list(choices)}:
            made = st.one_of([bodies_of(each, root) for each in choices])
        case {"enum": list(values)} | {"examples": list(values)}:
            made = st.sampled_from(values)
        case {"type": "object"}:
            made = _objects(schema, root)
        case {"type": "array"}:
            made = st.lists(bodies_of(schema["items"], root), min_size=schema.get("minItems", 0), max_size=3)
        case _:
            made = _scalars(schema)
    return made


def _objects(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    fields = {name: bodies_of(field, root) for name, field in schema["properties"].items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: each for name, each in fields.items() if name in required},
        optional={name: each for name, each in fields.items() if name not in required},
    )


def _scalars(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    match schema:
        case {"type": "null"}:
            return st.none()
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer"}:
            return st.integers(schema.get("minimum", -(10**12)), schema.get("maximum", 10**12))
        case {"type": "string", "format": str(name)}:
            return _FORMATS[name]
        case {"type": "string", "pattern": str(pattern)}:
            # A few characters are as good as the most that are allowed, and quickly drawn.
            return st.from_regex(pattern.replace("*$", "{0,9}$"), fullmatch=True, alphabet=_ASCII)
        case {"type": "string"}:
            return st.text(_TEXT, min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 9), 9))
    message = f"no bodies for {schema}"
    raise NotImplementedError(message)
