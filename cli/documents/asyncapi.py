"""Writes the AsyncAPI 3 document: a topic per publisher, its events, and which service receives which."""

from collections.abc import Sequence
from typing import Any

import yaml

from cli.documents.composition import Composed
from shared.contracts.event import Event, catalogue
from shared.run import VERSION

_SCHEMAS = "../../shared/contracts/schemas"
_HEADERS = {
    "ce_specversion": "1.0.",
    "ce_id": "UUID of the event; two copies of one event have the same.",
    "ce_type": "The wire name.",
    "ce_source": "The service that publishes.",
    "ce_subject": "The id of the aggregate that the event is about.",
    "ce_time": "RFC 3339: when it was recorded.",
    "ce_businessdate": "ISO date: the business day on which it was recorded.",
    "ce_effectivedate": "ISO date: when it took effect in the world.",
    "ce_customerid": "UUID of the customer, also the record's key; not on markers.",
    "ce_correlationid": "The id by which the first request is known.",
    "ce_causationid": "UUID of the request or event that caused it.",
    "ce_actor": "The id of who did it.",
    "ce_traceparent": "W3C Trace Context.",
    "ce_epoch": "Which history of the stream it belongs to.",
    "ce_sequence": "Its place in the partition, without gaps.",
    "ce_previousid": "UUID of the event before it in the partition; not on the first.",
    "ce_withheldbytes": "The size of a body that the broker refused: the record has none, and keeps its place only.",
}
_SOMETIMES = {"ce_customerid", "ce_previousid", "ce_withheldbytes"}


def asyncapi_text(services: Sequence[Composed]) -> str:
    """Return the document as YAML text."""
    events = catalogue()
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Dueflow events",
            "version": VERSION,
            "description": "One Kafka topic per publisher, keyed by customer, kept for ever; CloudEvents, binary mode.",
        },
        "defaultContentType": "application/json",
        "channels": {service.name: _channel(service.name, events) for service in services},
        "operations": {name: operation for service in services for name, operation in _operations(service, events)},
        "components": {
            "messages": {wire: _message(event) for wire, event in events.items()},
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
        },
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def publisher_of(wire: str) -> str:
    """Return the service that publishes events of this wire name."""
    return wire.partition(".")[0]


def received_by(service: Composed) -> list[str]:
    """Return the wire names that a service reacts to: what it applies, and the marker that begins its day's work."""
    markers = {"ledger": "ledger.business-day-reached.v1", "collections": "collections.day-worked.v1"}
    begins = {markers[service.service.day_from]} if service.service.day_from else set()
    return sorted(set(service.accepts) | begins)


def _channel(publisher: str, events: dict[str, type[Event]]) -> dict[str, Any]:
    return {
        "address": f"dueflow.{publisher}",
        "messages": {
            wire: {"$ref": f"#/components/messages/{wire}"} for wire in events if publisher_of(wire) == publisher
        },
    }


def _operations(service: Composed, events: dict[str, type[Event]]) -> list[tuple[str, dict[str, Any]]]:
    own = [wire for wire in events if publisher_of(wire) == service.name]
    heard = received_by(service)
    topics = sorted({publisher_of(wire) for wire in heard})
    return [
        (f"{service.name}Publishes", _operation("send", service.name, own)),
        *(
            (
                f"{service.name}Follows{topic.capitalize()}",
                _operation("receive", topic, [wire for wire in heard if publisher_of(wire) == topic]),
            )
            for topic in topics
        ),
    ]


def _operation(action: str, channel: str, wires: Sequence[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{wire}"} for wire in wires],
    }


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.wire,
        "title": event.__name__,
        "summary": (event.__doc__ or "").partition("\n")[0],
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid", "description": "The customer's id."}}},
        "payload": {
            # What they use of 2020-12 means the same in draft 7, which is what AsyncAPI's tools read.
            "schemaFormat": "application/schema+json;version=draft-07",
            "schema": {"$ref": f"{_SCHEMAS}/{event.wire}.json"},
        },
    }


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name for name in _HEADERS if name not in _SOMETIMES],
        "properties": {name: {"type": "string", "description": meaning} for name, meaning in _HEADERS.items()},
    }
