"""Records creditor entities, and tells every partition, because each concerns customers of all (L19)."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.store import days
from services.ledger.store.books import insert_audit
from services.ledger.store.entities import Entity, find_entities, insert_entities, lock_entities
from services.ledger.usecases.book_rows import of_audit
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of, recorded_otherwise
from shared.contracts.ledger import EntityRecorded, Payee
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEntity:
    """Record this entity."""

    origin: Origin
    entity: Entity


async def record_entities(
    connection: AsyncConnection, commands: Sequence[RecordEntity], *, outbox: Outbox
) -> list[Entity | Problem]:
    """Record each entity; the same again is answered as it stands, other content under its code is refused."""
    await lock_entities(connection)
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    known = await find_entities(connection, {command.entity.entity for command in commands})
    new: dict[str, tuple[Entity, Cause]] = {}
    for command in commands:
        if command.entity.entity not in known:
            known[command.entity.entity] = command.entity
            new[command.entity.entity] = (command.entity, command.origin.on(day))
    for entity, cause in new.values():
        await _record(connection, entity, cause, outbox)
    return [
        command.entity if known[command.entity.entity] == command.entity else problem_of(recorded_otherwise())
        for command in commands
    ]


async def _record(connection: AsyncConnection, entity: Entity, cause: Cause, outbox: Outbox) -> None:
    # One by one: a house has a handful of entities.
    details = {"name": entity.name, "currency": entity.currency, "accounts": entity.accounts}
    audit = of_audit("entity_recorded", entity.entity, cause, effective_date=cause.business_date, details=details)
    await insert_entities(connection, [{**asdict(entity), "recorded_at": cause.recorded_at}])
    await insert_audit(connection, [{**audit, "partition_no": 0, "customer_id": None}])
    await outbox.append(connection, list(_to_all_partitions(entity, cause, outbox.partitions)))


def _to_all_partitions(entity: Entity, cause: Cause, partitions: int) -> Iterator[Outgoing]:
    event = EntityRecorded(
        entity=entity.entity,
        name=entity.name,
        country=entity.country,
        zone=entity.zone,
        currency=entity.currency,
        payee=Payee(**entity.payee),
    )
    for partition_no in range(partitions):
        yield Outgoing(
            event=event,
            subject=entity.entity,
            cause=cause,
            effective_date=cause.business_date,
            partition_no=partition_no,
        )
