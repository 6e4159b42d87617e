"""Follows disputes: what is contested is flagged on its instalment, what is granted becomes a credit note (K10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.payment import CreditNoteFacts, tax_within
from services.ledger.store import days
from services.ledger.store.debts import add_disputed
from services.ledger.store.invoices import get_invoices
from services.ledger.usecases.issue_credit_notes import IssueCreditNote, issue_credit_notes
from services.ledger.usecases.origin import Origin
from shared.messaging.outbox import Outbox
from shared.messaging.subscription import Refused
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A dispute that was opened, or resolved with so much granted."""

    origin: Origin
    dispute_id: UUID
    invoice_id: UUID
    instalment_id: UUID
    minor: int
    resolved: bool
    credited_minor: int = 0


async def follow_disputes(connection: AsyncConnection, disputes: Sequence[Dispute], *, outbox: Outbox) -> None:
    """Flag what is contested, and credit what was granted; raise Refused where no credit note can be issued for it."""
    flags = [(each.instalment_id, -each.minor if each.resolved else each.minor) for each in disputes]
    await add_disputed(connection, flags)
    granted = [each for each in disputes if each.credited_minor > 0]
    if not granted:
        return
    commands = await _credit_notes(connection, granted)
    for result in await issue_credit_notes(connection, commands, outbox=outbox):
        if isinstance(result, Problem):
            raise Refused(f"no credit note for the dispute: {result.detail or result.errors}")


async def _credit_notes(connection: AsyncConnection, granted: Sequence[Dispute]) -> list[IssueCreditNote]:
    day = await days.open_day(connection)
    known = await get_invoices(connection, [each.invoice_id for each in granted])
    commands = []
    for each in granted:
        invoice = known.get(each.invoice_id)
        if invoice is None or day is None:
            raise Refused("the dispute is about an invoice that the ledger does not know")
        facts = CreditNoteFacts(
            entity=invoice.entity,
            number=f"CN-{each.dispute_id.hex[:12]}",
            customer_number=invoice.customer_number,
            invoice_number=invoice.number,
            issue_date=day,
            currency=invoice.currency,
            total_minor=each.credited_minor,
            tax_minor=tax_within(each.credited_minor, invoice=invoice),
            reason="dispute",
        )
        commands.append(IssueCreditNote(origin=each.origin, facts=facts, first_instalment_id=each.instalment_id))
    return commands
