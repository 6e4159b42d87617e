"""The templates: versions by content, drafted by one person and approved by another (N2)."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.look import Look
from shared.rows import Rows, insert_missing

_TEMPLATE = Rows.of(
    "template",
    key=("template_id",),
    template_id="uuid",
    purpose="text",
    language="text",
    version="text",
    subject="text",
    body_text="text",
    body_html="text",
    on_unknown="text",
    look="text",
    made_by="text",
    made_at="timestamptz",
    approved_by="text",
    approved_at="timestamptz",
    built_in="boolean",
)
_COLUMNS = """
    template_id, purpose, language, version, subject, body_text, body_html, on_unknown, look, made_by, made_at,
    approved_by, approved_at, built_in
"""
# The newest approved version speaks; what came with the program only until someone approved words of his own.
_CURRENT = text(
    f"""
    SELECT DISTINCT ON (purpose, language) {_COLUMNS} FROM template
    WHERE approved_at IS NOT NULL AND purpose = ANY(CAST(:purposes AS text[]))
    ORDER BY purpose, language, built_in, approved_at DESC, template_id
    """
)
_ONE = text(f"SELECT {_COLUMNS} FROM template WHERE template_id = :id")
_PAGE = text(
    f"""
    SELECT {_COLUMNS} FROM template
    WHERE (CAST(:purpose AS text) IS NULL OR purpose = :purpose)
      AND (CAST(:after AS uuid) IS NULL OR template_id > :after)
    ORDER BY template_id LIMIT :limit
    """
)
_APPROVE = text(
    "UPDATE template SET approved_by = :actor, approved_at = :at WHERE template_id = :id AND approved_at IS NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The words for one purpose in one language.

    `version` is a hash of all that shapes the message; `on_unknown` says what to do when nobody knows if one arrived,
    `look` whether a person looks at each message before it goes.
    """

    template_id: UUID
    purpose: str
    language: str
    version: str
    subject: str
    body_text: str
    body_html: str
    on_unknown: str
    look: Look
    made_by: str
    made_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    built_in: bool


async def insert_templates(connection: AsyncConnection, versions: Sequence[Template]) -> None:
    """Insert versions that are not there yet."""
    await insert_missing(connection, _TEMPLATE, [asdict(each) for each in versions])


async def read_current(connection: AsyncConnection, purposes: Collection[str]) -> dict[tuple[str, str], Template]:
    """Return the approved version in force, by purpose and language."""
    rows = await connection.execute(_CURRENT, {"purposes": sorted(set(purposes))})
    return {(row.purpose, row.language): Template(**row._mapping) for row in rows}  # noqa: SLF001 - SQLAlchemy's public name


async def read_template(connection: AsyncConnection, template_id: UUID) -> Template | None:
    """Return one version, or None."""
    row = (await connection.execute(_ONE, {"id": template_id})).one_or_none()
    return None if row is None else Template(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


async def read_page(
    connection: AsyncConnection, *, purpose: str | None, after: UUID | None, limit: int
) -> list[Template]:
    """Return versions in order of id, for one purpose or for all."""
    rows = await connection.execute(_PAGE, {"purpose": purpose, "after": after, "limit": limit})
    return [Template(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


async def approve(connection: AsyncConnection, template_id: UUID, *, actor: str, at: datetime) -> bool:
    """Approve a draft; return whether it was one."""
    return (await connection.execute(_APPROVE, {"id": template_id, "actor": actor, "at": at})).rowcount == 1
