"""Turns what happened into events for the outbox and entries for the history of cases."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.collections.domain.book import Happened
from services.collections.domain.facts import HISTORY_ONLY, Fact
from services.collections.store import case_entries
from shared.contracts import collections as contracts
from shared.contracts.event import Event
from shared.ids import partition_of
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing


@dataclass(slots=True)
class News:
    """What one transaction has to tell, in order."""

    outbox: Outbox
    outgoing: list[Outgoing] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, customer_id: UUID, happened: Sequence[Happened], cause: Cause) -> None:
        """Take up what one cause made happen to one customer."""
        seen: Counter[tuple[str, str]] = Counter()
        for each in happened:
            kind, subject = type(each.fact).__name__, str(getattr(each.fact, each.fact.subject))
            ordinal = seen[kind, subject]
            seen[kind, subject] += 1
            entry_id = cause.id_of(f"entry/{kind}/{subject}", ordinal)
            if not isinstance(each.fact, HISTORY_ONLY):
                outgoing = _outgoing(each.fact, subject, ordinal, customer_id, cause)
                self.outgoing.append(outgoing)
                entry_id = outgoing.event_id
            if each.case_id is not None:
                self.entries.append(self._entry(each.fact, each.case_id, entry_id, customer_id, cause))

    async def publish(self, connection: AsyncConnection) -> None:
        """Write the events and the entries."""
        await self.outbox.append(connection, self.outgoing)
        await case_entries.append(connection, self.entries)

    def _entry(self, fact: Fact, case_id: UUID, entry_id: UUID, customer_id: UUID, cause: Cause) -> dict[str, Any]:
        return {
            "entry_id": entry_id,
            "case_id": case_id,
            "customer_id": customer_id,
            "kind": type(fact).__name__,
            "effective_date": fact.effective_date,
            "recorded_date": cause.business_date,
            "recorded_at": cause.recorded_at,
            "actor": cause.actor,
            "detail": _body(fact),
            "partition_no": partition_of(customer_id, self.outbox.partitions),
        }


def event_of(fact: Fact) -> Event:
    """Return the event of the same name; its fields are the fact's."""
    event: type[Event] = getattr(contracts, type(fact).__name__)
    return event.model_validate(_body(fact))


def _outgoing(fact: Fact, subject: str, ordinal: int, customer_id: UUID, cause: Cause) -> Outgoing:
    return Outgoing(
        event=event_of(fact),
        subject=subject,
        cause=cause,
        effective_date=fact.effective_date,
        customer_id=customer_id,
        ordinal=ordinal,
    )


def _body(fact: Fact) -> dict[str, Any]:
    body = asdict(fact)
    del body["effective_date"]
    return body
