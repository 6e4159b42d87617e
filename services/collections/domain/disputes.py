"""Disputes: an amount of an instalment rests until it is credited or decided against the debtor (K10)."""

from dataclasses import replace
from uuid import UUID

from services.collections.domain import tasks
from services.collections.domain.agreements import DisputeOpened, DisputeResolved
from services.collections.domain.book import Book, Moment, Refusal
from services.collections.domain.records import Dispute

CREDITED, PARTLY_CREDITED, REJECTED, WITHDRAWN = "credited", "partly_credited", "rejected", "withdrawn"
TOLD_WORKING_DAYS = 3
ANSWER_WORKING_DAYS = 10
OWNER = "salesperson"
TASK = "resolve_dispute"


def open_dispute(book: Book, at: Moment, *, instalment_id: UUID, amount_minor: int, reason: str) -> Dispute:
    """Let this amount of the instalment rest; a person has ten working days to decide. Raises Refusal."""
    receivable = book.receivables[instalment_id]
    if amount_minor > book.collectible_minor(receivable):
        raise Refusal("more is disputed than is open and undisputed")
    dispute = Dispute(
        dispute_id=at.id_of("dispute", str(instalment_id)),
        customer_id=book.customer_id,
        entity=receivable.entity,
        invoice_id=receivable.invoice_id,
        instalment_id=instalment_id,
        currency=receivable.currency,
        amount_minor=amount_minor,
        resting_minor=amount_minor,
        reason=reason,
        opened_date=at.today,
    )
    book.disputes[dispute.dispute_id] = dispute
    book.answer(receivable.entity, at.today)
    book.note(
        DisputeOpened(
            effective_date=at.today,
            entity=dispute.entity,
            dispute_id=dispute.dispute_id,
            invoice_id=dispute.invoice_id,
            instalment_id=instalment_id,
            currency=dispute.currency,
            amount_minor=amount_minor,
            reason=reason,
        )
    )
    tasks.assign(
        book,
        at,
        dispute.entity,
        tasks.Assignment(
            kind=TASK,
            role=OWNER,
            due_working_days=ANSWER_WORKING_DAYS,
            instalment_ids=[instalment_id],
            subject_id=dispute.dispute_id,
        ),
    )
    return dispute


def resolve(book: Book, dispute: Dispute, at: Moment, *, outcome: str, credited_minor: int) -> Dispute:
    """Decide a dispute: what is credited rests until the credit note comes, the rest ages on at once. Raises Refusal.

    Decided against the debtor, the first message waits three working days after he was told.
    """
    if dispute.outcome is not None:
        raise Refusal(f"the dispute is {dispute.outcome}")
    _check_credit(dispute, outcome, credited_minor)
    told = outcome in (REJECTED, PARTLY_CREDITED)
    calendar = book.calendar(dispute.entity)
    dunning_from = calendar.add_working_days(at.today, TOLD_WORKING_DAYS) if told else at.today
    resolved = replace(
        dispute, outcome=outcome, credited_minor=credited_minor, resting_minor=credited_minor, resolved_date=at.today
    )
    book.disputes[dispute.dispute_id] = resolved
    receivable = book.receivables.get(dispute.instalment_id)
    if receivable is not None and told:
        book.receivables[receivable.instalment_id] = replace(receivable, dunning_from=dunning_from)
    book.note(
        DisputeResolved(
            effective_date=at.today,
            entity=dispute.entity,
            dispute_id=dispute.dispute_id,
            invoice_id=dispute.invoice_id,
            instalment_id=dispute.instalment_id,
            currency=dispute.currency,
            amount_minor=dispute.amount_minor,
            outcome=outcome,
            credited_minor=credited_minor,
            dunning_from=dunning_from,
        )
    )
    tasks.end_about(book, dispute.dispute_id, at, outcome=outcome)
    return resolved


def credit(book: Book, instalment_id: UUID, minor: int) -> None:
    """Let a credit note use up what waits for it on this instalment."""
    for dispute in sorted(book.disputes.values(), key=lambda each: each.dispute_id):
        if dispute.instalment_id == instalment_id and dispute.outcome in (CREDITED, PARTLY_CREDITED):
            used = min(minor, dispute.resting_minor)
            book.disputes[dispute.dispute_id] = replace(dispute, resting_minor=dispute.resting_minor - used)
            minor -= used


def _check_credit(dispute: Dispute, outcome: str, credited_minor: int) -> None:
    fits = {
        CREDITED: credited_minor == dispute.amount_minor,
        PARTLY_CREDITED: 0 < credited_minor < dispute.amount_minor,
        REJECTED: credited_minor == 0,
        WITHDRAWN: credited_minor == 0,
    }
    if not fits[outcome]:
        raise Refusal(f"the credited amount does not fit the outcome {outcome}")
