"""Writes the OpenAPI document of a service as its API serves it."""

import json

from cli.documents.composition import Composed


def openapi_text(service: Composed) -> str:
    """Return the document as JSON text."""
    return json.dumps(service.app.openapi(), indent=2, ensure_ascii=False) + "\n"
