"""Drafts templates and approves them: one person writes, another lets it speak (N2, four eyes)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.look import Look
from services.notifications.gateways.rendering import Words
from services.notifications.store import templates
from services.notifications.store.templates import Template
from services.notifications.usecases.request import Request
from shared.ids import derived_id
from shared.web.problem_types import CONFLICT, FORBIDDEN, NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftTemplate:
    """New words for a purpose; they were rendered with samples before."""

    purpose: str
    language: str
    words: Words
    on_unknown: str
    look: Look
    request: Request

    def row(self) -> Template:
        """Return the draft as it is stored; the same words of the same request have the same id."""
        return Template(
            template_id=derived_id(self.request.origin.cause_id, "template"),
            purpose=self.purpose,
            language=self.language,
            version=self.words.version,
            subject=self.words.subject,
            body_text=self.words.body_text,
            body_html=self.words.body_html,
            on_unknown=self.on_unknown,
            look=self.look,
            made_by=self.request.origin.actor,
            made_at=self.request.recorded_at,
            approved_by=None,
            approved_at=None,
            built_in=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveTemplate:
    """Another person lets a draft speak."""

    template_id: UUID
    request: Request


async def keep_templates(
    connection: AsyncConnection, commands: Sequence[DraftTemplate | ApproveTemplate]
) -> list[Template | Problem]:
    """Carry out the commands, in order."""
    return [
        await (_draft(connection, each) if isinstance(each, DraftTemplate) else _approve(connection, each))
        for each in commands
    ]


async def _draft(connection: AsyncConnection, command: DraftTemplate) -> Template | Problem:
    draft = command.row()
    await templates.insert_templates(connection, [draft])
    stored = await templates.read_template(connection, draft.template_id)
    return stored or Problem(CONFLICT, "These very words are already recorded for this purpose and language.")


async def _approve(connection: AsyncConnection, command: ApproveTemplate) -> Template | Problem:
    draft = await templates.read_template(connection, command.template_id)
    actor, at = command.request.origin.actor, command.request.recorded_at
    if draft is None:
        return Problem(NOT_FOUND)
    if draft.made_by == actor:
        return Problem(FORBIDDEN, "Who wrote a template does not approve it.")
    if not await templates.approve(connection, command.template_id, actor=actor, at=at):
        return Problem(CONFLICT, "The template is approved already.")
    return replace(draft, approved_by=actor, approved_at=at)
