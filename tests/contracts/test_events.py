"""Every event: its schema is recorded, says what the model reads and writes, and holds nothing personal (P3)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from typer import Typer
from typer.testing import CliRunner

from cli.docs import docs
from shared.contracts import export
from shared.contracts.event import catalogue
from shared.contracts.export import PUBLISHERS, broken_promises, schema_of, written_schemas
from shared.contracts.ledger import BankAccount, EntityRecorded, Payee
from tests.contracts.bodies import bodies_of

EVENTS = catalogue()

_PERSONAL = {
    "name", "surname", "person", "contact", "phone", "mobile", "fax", "email", "mail", "address", "street", "city",
    "postcode", "birth", "passport", "iban", "account", "bank", "tax", "note", "comment", "text", "remittance",
}  # fmt: skip
# The creditor's own: whom to pay. Ids and roles of contacts name nobody.
_OUR_OWN = {(model, name) for model in (EntityRecorded, Payee, BankAccount) for name in model.model_fields}
_NOBODY = re.compile(r".*_(id|role)")


def test_every_schema_is_recorded_as_the_code_has_it() -> None:
    """P3: the recorded schemas are those of today, each of them (make docs writes them)."""
    assert {path: path.read_text(encoding="utf-8") for path in written_schemas() if path.exists()} == written_schemas()


def test_no_event_breaks_the_readers_of_the_recorded_one() -> None:
    """P3: compatible changes only within a version."""
    assert broken_promises() == []


@pytest.mark.parametrize("wire", EVENTS)
@settings(max_examples=10, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_the_schema_allows_is_read_and_written_back(wire: str, data: st.DataObject) -> None:
    """P3: a body that fits the schema is an event, and what the event writes fits the schema and reads the same."""
    schema = schema_of(EVENTS[wire])
    body = data.draw(bodies_of(schema))
    jsonschema.validate(body, schema)
    event = EVENTS[wire].model_validate_json(json.dumps(body))
    written = event.model_dump_json()
    jsonschema.validate(json.loads(written), schema)
    assert EVENTS[wire].model_validate_json(written) == event


@pytest.mark.parametrize("wire", EVENTS)
@settings(max_examples=3, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_row_21_newer_fields_are_passed_over(wire: str, data: st.DataObject) -> None:
    """P3: an older reader understands an event with fields it does not know, at whatever depth."""
    model = EVENTS[wire]
    assert all(part.model_config["extra"] == "ignore" for part in _parts(model))
    known = data.draw(bodies_of(schema_of(model)))
    newer = _of_the_next_version(known)
    assert newer != known
    assert model.model_validate_json(json.dumps(newer)) == model.model_validate_json(json.dumps(known))


def _of_the_next_version(body: Any) -> Any:
    """Return the body with a field more in each of its objects."""
    if isinstance(body, list):
        return [_of_the_next_version(each) for each in body]
    if not isinstance(body, dict):
        return body
    return {**{name: _of_the_next_version(each) for name, each in body.items()}, "of_the_next_version": {"n": 1}}


@pytest.mark.parametrize("wire", EVENTS)
def test_the_wire_name_is_the_publisher_and_the_events_name(wire: str) -> None:
    """Conventions: noun and past participle; never a class path on the wire."""
    event = EVENTS[wire]
    kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", event.__name__).lower()
    publisher = event.__module__.rpartition(".")[2]
    assert publisher in PUBLISHERS
    assert wire == f"{publisher}.{kebab}.v1"


@pytest.mark.parametrize("wire", EVENTS)
def test_no_event_has_room_for_a_persons_data(wire: str) -> None:
    """P3, faults 4.23: ids only, never a name, number or address of a customer's people."""
    assert list(personal_fields(EVENTS[wire])) == []


def test_a_field_for_a_persons_data_would_be_found() -> None:
    """P3: also deep inside, in lists and where it is optional."""

    class Contact(BaseModel):
        contact_name: str
        contact_point_id: str

    class Sample(BaseModel):
        contacts: list[Contact] | None = None
        phone: str
        contact_role: str

    assert sorted(personal_fields(Sample)) == ["Contact.contact_name", "Sample.phone"]


def personal_fields(model: type[BaseModel]) -> Iterator[str]:
    """Give the fields, however deep, whose names speak of a person or whose text anybody may write."""
    for part in _parts(model):
        for name in part.model_fields:
            known = (part, name) in _OUR_OWN or _NOBODY.fullmatch(name) is not None
            if set(name.split("_")) & _PERSONAL and not known:
                yield f"{part.__name__}.{name}"


def _parts(model: type[BaseModel]) -> set[type[BaseModel]]:
    found = {model}
    for field in model.model_fields.values():
        for kind in _within(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= _parts(kind)
    return found


def _within(annotation: Any) -> Iterator[Any]:
    yield annotation
    for each in get_args(annotation):
        yield from _within(each)


def test_a_recorded_event_cannot_disappear_or_lose_a_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P3: what was recorded yesterday and is gone today is a broken promise, which `make docs` refuses to overwrite."""
    monkeypatch.setattr(export, "FOLDER", tmp_path)
    recorded = schema_of(EVENTS["ledger.invoice-settled.v1"])
    recorded["properties"]["gone"] = {"type": "string"}
    (tmp_path / "ledger.invoice-settled.v1.json").write_text(json.dumps(recorded))
    (tmp_path / "ledger.invoice-forgotten.v1.json").write_text("{}")
    broken = ["ledger.invoice-forgotten.v1 was removed", "ledger.invoice-settled.v1: event.gone was removed"]
    assert broken_promises() == broken
    verb = Typer()
    verb.command()(docs)
    outcome = CliRunner().invoke(verb)
    assert outcome.exit_code == 1
    assert "event.gone was removed" in outcome.output
    assert len(list(tmp_path.iterdir())) == 2
