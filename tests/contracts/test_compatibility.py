"""The checker of compatibility: each change that breaks a reader is caught, and additive optional ones are not (P3)."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.compatibility import incompatibilities
from shared.contracts.event import catalogue
from shared.contracts.export import schema_of

Schema = dict[str, Any]
SCHEMAS = {wire: schema_of(event) for wire, event in catalogue().items()}
ISSUED = SCHEMAS["ledger.invoice-issued.v1"]
REGISTERED = SCHEMAS["credit.customer-registered.v1"]


def changed(schema: Schema, change: Callable[[Schema], object]) -> Schema:
    """A copy of the schema after the change."""
    copied = copy.deepcopy(schema)
    change(copied)
    return copied


def _remove(schema: Schema, name: str) -> None:
    del schema["properties"][name]
    if name in schema["required"]:
        schema["required"].remove(name)


BREAKING: dict[str, tuple[Schema, Callable[[Schema], object], str]] = {
    "a field is removed": (ISSUED, lambda s: _remove(s, "number"), "event.number was removed"),
    "an optional field is removed": (ISSUED, lambda s: _remove(s, "order_number"), "event.order_number was removed"),
    "a field has another type": (
        ISSUED,
        lambda s: s["properties"]["total_minor"].update(type="string"),
        "event.total_minor.type was integer and is string",
    ),
    "a bound is tighter": (
        ISSUED,
        lambda s: s["properties"]["number"].update(maxLength=5),
        "event.number.maxLength was 128 and is 5",
    ),
    "a bound is wider": (
        ISSUED,
        lambda s: s["properties"]["security_rank"].pop("minimum"),
        "event.security_rank.minimum was 0 and is None",
    ),
    "a new field is required": (
        ISSUED,
        lambda s: (s["properties"].update(region={"type": "string"}), s["required"].append("region")),
        "event.region is new and required",
    ),
    "an optional field becomes required": (
        ISSUED,
        lambda s: s["required"].append("order_number"),
        "event.order_number became required",
    ),
    "a required field becomes optional": (
        ISSUED,
        lambda s: s["required"].remove("number"),
        "event.number became optional",
    ),
    "a field deep inside is removed": (
        ISSUED,
        lambda s: _remove(s["$defs"]["IssuedInstalment"], "due_date"),
        "event.instalments.items.due_date was removed",
    ),
    "a closed list gets a new value": (
        REGISTERED,
        lambda s: s["$defs"]["CustomerFacts"]["properties"]["grade"]["anyOf"][0]["enum"].append("E"),
        "event.facts.grade.anyOf[0].enum was ['A', 'B', 'C', 'D'] and is ['A', 'B', 'C', 'D', 'E']",
    ),
    "null is allowed where it was not": (
        ISSUED,
        lambda s: s["properties"].update(total_minor={"anyOf": [s["properties"]["total_minor"], {"type": "null"}]}),
        "event.total_minor.type was integer and is None",
    ),
    "a default has another meaning": (
        REGISTERED,
        lambda s: s["$defs"]["CustomerFacts"]["properties"]["key_customer"].update(default=True),
        "event.facts.key_customer.default was False and is True",
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_change_that_breaks_a_reader_is_caught(name: str) -> None:
    """P3: and the message names the place."""
    schema, change, message = BREAKING[name]
    assert message in incompatibilities(schema, changed(schema, change))


def test_what_people_read_may_change() -> None:
    """P3: titles, descriptions and examples promise nothing."""
    reworded = changed(ISSUED, lambda s: s["properties"]["number"].update(title="No", description="As printed."))
    assert incompatibilities(ISSUED, reworded) == []


@given(wire=st.sampled_from(sorted(SCHEMAS)), deep=st.booleans(), name=st.sampled_from(["region", "channel_hint"]))
def test_an_optional_field_may_be_added_and_then_stays(wire: str, name: str, *, deep: bool) -> None:
    """P3: to any event and any part of one; once recorded it can be taken away no more."""
    schema = SCHEMAS[wire]
    parts = sorted(schema.get("$defs", {}))
    assert incompatibilities(schema, copy.deepcopy(schema)) == []

    def add(copied: Schema) -> None:
        part = copied["$defs"][parts[0]] if deep and parts and "properties" in copied["$defs"][parts[0]] else copied
        part["properties"][name] = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}

    extended = changed(schema, add)
    assert incompatibilities(schema, extended) == []
    assert [each.endswith(f"{name} was removed") for each in incompatibilities(extended, schema)] in (
        [True],
        [True, True],
    )


@given(data=st.data(), wire=st.sampled_from(sorted(SCHEMAS)))
def test_whichever_field_is_taken_away_is_missed(wire: str, data: st.DataObject) -> None:
    """P3: for every event and every field of it."""
    schema = SCHEMAS[wire]
    name = data.draw(st.sampled_from(sorted(schema["properties"])))
    assert incompatibilities(schema, changed(schema, lambda s: _remove(s, name))) == [f"event.{name} was removed"]
