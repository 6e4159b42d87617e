"""The words: drafted by one, previewed with real data, approved by another (N2)."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from services.notifications.api.asking import Code, asked
from services.notifications.domain.look import Look
from services.notifications.gateways.rendering import BadTemplate, Words
from services.notifications.store import days, messages, templates
from services.notifications.store.templates import Template
from services.notifications.usecases.keep_templates import ApproveTemplate, DraftTemplate, keep_templates
from services.notifications.usecases.preview_template import NothingToShow, PreviewTemplate, preview_template
from services.notifications.usecases.try_words import try_words
from shared.ids import customer_id_of, partition_of
from shared.service import Context
from shared.web.cursor import Listing, Page
from shared.web.customers import CustomerNumber
from shared.web.gather import Gatherer
from shared.web.idempotency import KeyedAdmin, StoredAnswer
from shared.web.keys import Reader, Writer
from shared.web.models import MultiLine, StrictModel
from shared.web.problem_types import CONFLICT, FORBIDDEN, INVALID, NOT_FOUND
from shared.web.problems import Problem, problems
from shared.web.routing import JsonBody, router

Source = Annotated[str, MultiLine(32_000)]


class Draft(StrictModel):
    """New words for a purpose in one language.

    They know recipient, creditor, payee, accounts, date, lines, totals, reference, penalty_rates,
    most_days_past_due, answer_working_days, remark, label and language; anything else is a 422. Only words that show
    `remark` can be edited for a single message.
    """

    purpose: Code
    language: Literal["zh", "en"]
    subject: Annotated[str, MultiLine(500)]
    body_text: Source
    body_html: Source
    on_unknown: Literal["ask", "resend"] = "ask"
    look: Look = "none"

    @property
    def words(self) -> Words:
        """Return the three sources."""
        return Words(self.subject, self.body_text, self.body_html)

    @model_validator(mode="after")
    def _renders(self) -> Self:
        try:
            try_words(self.words, language=self.language)
        except BadTemplate as error:
            raise PydanticCustomError("template", "{why}", {"why": str(error)}) from None
        return self


class Preview(StrictModel):
    """Whose data to show: a message's, or all open debts of a customer."""

    message_id: UUID | None = None
    customer_number: CustomerNumber | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.message_id is None) == (self.customer_number is None):
            raise PydanticCustomError("preview", "Name a message or a customer")
        return self


class TemplateShown(BaseModel):
    """A version of the words for one purpose in one language."""

    model_config = ConfigDict(extra="forbid")

    template_id: UUID
    purpose: str
    language: str
    version: str
    subject: str
    body_text: str
    body_html: str
    on_unknown: str
    look: str
    made_by: str
    made_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    built_in: bool


class PreviewShown(BaseModel):
    """What the recipient would read."""

    subject: str
    text: str
    html: str


def routes(context: Context) -> APIRouter:
    """Return the routes of templates."""
    found = router(prefix="/v1/templates", tags=["templates"])
    changes = Gatherer(lane=context.single, execute=keep_templates, render=_answer)

    @found.get("")
    async def list_templates(_caller: Reader, paging: Listing, purpose: Code | None = None) -> Page[TemplateShown]:
        """List all versions; the newest approved one speaks, the built-in one where no other is approved."""
        after = UUID(str(paging.after[0])) if paging.after else None
        async with context.reading.connect() as connection:
            rows = await templates.read_page(connection, purpose=purpose, after=after, limit=paging.limit + 1)
        return Page(**paging.page(rows, position=lambda each: [str(each.template_id)], item=asdict))

    @found.post("", status_code=201, response_model=TemplateShown, responses=problems(CONFLICT, INVALID))
    async def draft(body: JsonBody[Draft], keyed: KeyedAdmin) -> Response:
        """Save new words as a draft; words that do not render are refused."""
        command = DraftTemplate(
            purpose=body.purpose,
            language=body.language,
            words=body.words,
            on_unknown=body.on_unknown,
            look=body.look,
            request=asked(context, keyed),
        )
        return (await changes.submit(keyed.work(command))).response()

    @found.post(
        "/{template_id}/approval",
        response_model=TemplateShown,
        responses=problems(NOT_FOUND, CONFLICT, FORBIDDEN),
    )
    async def approve(template_id: UUID, keyed: KeyedAdmin) -> Response:
        """Let a draft speak from now; its author cannot."""
        command = ApproveTemplate(template_id=template_id, request=asked(context, keyed))
        return (await changes.submit(keyed.work(command))).response()

    @found.post("/{template_id}/preview", responses=problems(NOT_FOUND, CONFLICT))
    async def preview(_caller: Writer, template_id: UUID, body: JsonBody[Preview]) -> PreviewShown:
        """Show the words with real data; nothing is stored and nobody is written to."""
        async with context.reading.connect() as connection:
            template = await templates.read_template(connection, template_id)
            message = (
                (await messages.read_messages(connection, [body.message_id])).get(body.message_id)
                if body.message_id
                else None
            )
            if template is None or (body.message_id and message is None):
                raise Problem(NOT_FOUND)
            customer_id = message.customer_id if message else customer_id_of(body.customer_number or "")
            number = partition_of(customer_id, context.partitions)
            seen = await days.read_days_seen(connection, partitions=[number])
            command = PreviewTemplate(
                template=template,
                customer_id=customer_id,
                instalments=[line.instalment_id for line in message.lines] if message else [],
                answer_working_days=message.answer_working_days if message else None,
                day=seen.get(number) or context.clock.now().date(),
            )
            try:
                return PreviewShown(**asdict(await preview_template(connection, command)))
            except NothingToShow as error:
                raise Problem(CONFLICT, str(error)) from None

    return found


def _answer(template: Template) -> StoredAnswer:
    status = 200 if template.approved_at else 201
    return StoredAnswer(status, TemplateShown(**asdict(template)).model_dump_json().encode())
