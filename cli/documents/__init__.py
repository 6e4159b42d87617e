"""The documents generated from the code: events, AsyncAPI, OpenAPI, the command line, and the demo's report."""

from pathlib import Path

from cli.documents.asyncapi import asyncapi_text
from cli.documents.command_page import command_page
from cli.documents.composition import compose
from cli.documents.event_page import event_page
from cli.documents.openapi import openapi_text
from demo.report_page import report_documents
from shared.contracts.export import written_schemas

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "docs" / "events"
API = ROOT / "docs" / "api"


def written_documents() -> dict[Path, str]:
    """Return the text of every generated document by its path."""
    services = compose()
    return {
        **written_schemas(),
        **report_documents(),
        ROOT / "docs" / "cli.md": command_page(),
        EVENTS / "asyncapi.yaml": asyncapi_text(services),
        EVENTS / "README.md": event_page(services),
        **{API / f"{each.name}.json": openapi_text(each) for each in services},
    }
