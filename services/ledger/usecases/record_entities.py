"""Records creditor entities, each with its first bank account (L19)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.bank_account import BankAccount
from services.ledger.store import days
from services.ledger.store.bank_accounts import insert_accounts
from services.ledger.store.books import insert_audit
from services.ledger.store.entities import Entity, find_entities, insert_entities, lock_entities
from services.ledger.usecases.book_rows import of_audit
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of, recorded_otherwise
from services.ledger.usecases.tell_entities import tell_entity
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
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
        known[command.entity.entity] if _is_same(command.entity, known) else problem_of(recorded_otherwise())
        for command in commands
    ]


def _is_same(entity: Entity, known: Mapping[str, Entity]) -> bool:
    return replace(known[entity.entity], version=entity.version) == entity


async def _record(connection: AsyncConnection, entity: Entity, cause: Cause, outbox: Outbox) -> None:
    # One by one: a house has a handful of entities.
    details = {"name": entity.name, "currency": entity.currency, "accounts": entity.accounts}
    audit = of_audit("entity_recorded", entity.entity, cause, effective_date=cause.business_date, details=details)
    row = {name: value for name, value in asdict(entity).items() if name != "version"}
    await insert_entities(connection, [{**row, "recorded_at": cause.recorded_at}])
    await insert_audit(connection, [{**audit, "partition_no": 0, "customer_id": None}])
    account = _first_account(entity, cause)
    await insert_accounts(connection, [account])
    await outbox.append(connection, list(tell_entity(entity, [account], cause, partitions=outbox.partitions)))


def _first_account(entity: Entity, cause: Cause) -> BankAccount:
    """Return the account that comes with the entity: nobody has to approve it, because it takes the place of none."""
    return BankAccount(
        account_id=cause.id_of("bank-account", entity.entity),
        entity=entity.entity,
        currency=entity.currency,
        holder=entity.payee["name"],
        bank=entity.payee["bank"],
        number=entity.payee["account"],
        bic=entity.payee.get("bic"),
        valid_from=cause.business_date,
        state="approved",
        proposed_by=cause.actor,
        proposed_at=cause.recorded_at,
    )
