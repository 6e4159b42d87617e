"""Loads the templates that come with the program, as approved words until somebody approves others (N2)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.gateways.rendering import FOLDER, Words
from services.notifications.store.templates import Template, insert_templates
from shared.ids import derived_id

AUTHOR = "dueflow"

_BUILT_IN = UUID("0b7f5c1e-3c57-5d0a-9f0e-8a3d3c1f6e02")
# A friendly letter before the due date may come twice; with anything else a person decides.
_HARMLESS_TWICE = frozenset({"pre_due"})
# Somebody looks at these before they go: here, unless a task of collections has let somebody look already.
_LOOKED_AT = frozenset({"formal_demand", "lawyer_letter"})


async def load_templates(connection: AsyncConnection, *, at: datetime) -> None:
    """Insert each built-in template whose version is not there yet."""
    versions = []
    for path in sorted(FOLDER.glob("*.subject")):
        purpose, language = path.stem.split(".")
        words = Words.built_in(path.stem)
        versions.append(
            Template(
                template_id=derived_id(_BUILT_IN, f"{purpose}.{language}", words.version),
                purpose=purpose,
                language=language,
                version=words.version,
                subject=words.subject,
                body_text=words.body_text,
                body_html=words.body_html,
                on_unknown="resend" if purpose in _HARMLESS_TWICE else "ask",
                look="unless_approved" if purpose in _LOOKED_AT else "none",
                made_by=AUTHOR,
                made_at=at,
                approved_by=AUTHOR,
                approved_at=at,
                built_in=True,
            )
        )
    await insert_templates(connection, versions)
