"""The generated documents: complete, consistent, and those of today's code (P3, P8)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.documents import API, EVENTS, ROOT, written_documents
from cli.documents.composition import NAMES
from shared.contracts.event import catalogue
from shared.contracts.export import FOLDER


@cache
def documents() -> dict[Path, str]:
    """Compose the services once for all tests of this file."""
    return written_documents()


def asyncapi() -> Any:
    """The AsyncAPI document as data."""
    return yaml.safe_load(documents()[EVENTS / "asyncapi.yaml"])


def test_the_committed_documents_are_those_of_the_code() -> None:
    """P3, P8: `make docs` writes them; one that is stale, missing or left over is named here."""
    committed = {path for folder in (FOLDER, EVENTS, API) for path in folder.iterdir()}
    stale = {
        str(path.relative_to(ROOT))
        for path in committed | documents().keys()
        if not path.exists() or documents().get(path) != path.read_text(encoding="utf-8")
    }
    assert not stale, f"run `make docs`: {sorted(stale)}"


def test_every_event_has_its_channel_and_its_publisher() -> None:
    """P3: one topic per service, and on it all that the service publishes."""
    document = asyncapi()
    on_channels = {wire: name for name, channel in document["channels"].items() for wire in channel["messages"]}
    assert on_channels == {wire: wire.partition(".")[0] for wire in catalogue()}
    assert {channel["address"] for channel in document["channels"].values()} == {f"dueflow.{name}" for name in NAMES}
    for name in NAMES:
        sent = {each["$ref"].rpartition("/")[2] for each in document["operations"][f"{name}Publishes"]["messages"]}
        assert sent == {wire for wire, channel in on_channels.items() if channel == name}


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    """P3: inside of the document and to the recorded schemas."""
    document = asyncapi()
    for reference in _references(document):
        if reference.startswith("#/"):
            place = document
            for part in reference[2:].split("/"):
                place = place[part]
        else:
            assert (EVENTS / reference).resolve().parent == FOLDER
            assert (EVENTS / reference).exists()


def test_who_follows_credit_is_told() -> None:
    """Events: what a service reacts to comes from its own table of consumers."""
    document = asyncapi()
    followed = {each["$ref"].rpartition("/")[2] for each in document["operations"]["creditFollowsLedger"]["messages"]}
    assert {"ledger.invoice-issued.v1", "ledger.payment-allocated.v1", "ledger.business-day-reached.v1"} <= followed


def test_the_page_for_people_names_every_event_and_field() -> None:
    """Events: publisher, event, when, who, fields."""
    page = documents()[EVENTS / "README.md"]
    for wire, event in catalogue().items():
        assert f"`{wire}`. {(event.__doc__ or '').strip()}" in page
        assert all(f"| `{name}` |" in page for name in event.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_says_what_it_needs_and_how_it_refuses(name: str) -> None:
    """P8: each says what it does, which scope it needs, what it answers and how it refuses."""
    document = json.loads(documents()[API / f"{name}.json"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if not path.startswith("/v1/"):
                continue
            place = f"{method} {path}"
            assert operation["description"], place
            assert operation["security"], place
            assert {"401", "422", "503"} <= operation["responses"].keys(), place
            assert any(status.startswith("2") for status in operation["responses"]), place


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [each for value in node.values() for each in _references(value)]
    if isinstance(node, list):
        return [each for value in node for each in _references(value)]
    return []
