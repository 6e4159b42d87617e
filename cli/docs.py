"""Writes the generated documents again, and refuses to record an event that would break its readers."""

import typer

from cli.connection import JsonOnly, print_json
from cli.exits import Exit


def docs(*, as_json: JsonOnly = False) -> None:
    """Write the schemas of events, AsyncAPI and OpenAPI documents from the code."""
    # It composes all services, which no other verb should wait for.
    from cli.documents import ROOT, written_documents  # noqa: PLC0415
    from shared.contracts.export import broken_promises  # noqa: PLC0415

    if broken := broken_promises():
        typer.echo(
            "An event keeps its fields for ever; a change that breaks readers is a new version, as ...-v2.", err=True
        )
        typer.echo("\n".join(f"  {each}" for each in broken), err=True)
        raise typer.Exit(Exit.DIFFERS)
    for path, text in written_documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            wrote = str(path.relative_to(ROOT))
            if as_json:
                print_json({"wrote": wrote})
            else:
                typer.echo(f"wrote {wrote}")
