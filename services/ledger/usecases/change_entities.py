"""Changes how customers reach a creditor entity; its bank accounts have a way of their own, with four eyes (L19)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.store import days
from services.ledger.store.bank_accounts import accounts_of
from services.ledger.store.books import insert_audit
from services.ledger.store.entities import Entity, find_entities, lock_entities, save_reach
from services.ledger.usecases.book_rows import of_audit
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day
from services.ledger.usecases.tell_entities import tell_entity
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem
from shared.web.versions import stale


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEntity:
    """Set these of an entity's `phone`, `email` and `address`, if its version is still the one that was read."""

    origin: Origin
    entity: str
    version: int
    reach: Mapping[str, str | None]


async def change_entities(
    connection: AsyncConnection, commands: Sequence[ChangeEntity], *, outbox: Outbox
) -> list[Entity | Problem]:
    """Change each entity in turn; what stands already is answered as it stands."""
    await lock_entities(connection)
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    # One by one: a company moves a few times in its life.
    return [await _change(connection, command, command.origin.on(day), outbox) for command in commands]


async def _change(connection: AsyncConnection, command: ChangeEntity, cause: Cause, outbox: Outbox) -> Entity | Problem:
    before = (await find_entities(connection, [command.entity])).get(command.entity)
    if before is None:
        return Problem(NOT_FOUND)
    if before.version != command.version:
        return stale()
    after = _reached(before, command.reach)
    if after == before:
        return before
    after = replace(after, version=before.version + 1)
    await save_reach(connection, after)
    audit = of_audit(
        "entity_changed", after.entity, cause, effective_date=cause.business_date, details=_details(before, after)
    )
    await insert_audit(connection, [{**audit, "partition_no": 0, "customer_id": None}])
    accounts = (await accounts_of(connection, [after.entity]))[after.entity]
    await outbox.append(connection, list(tell_entity(after, accounts, cause, partitions=outbox.partitions)))
    return after


def _reached(entity: Entity, reach: Mapping[str, str | None]) -> Entity:
    called = {name: value for name, value in reach.items() if name != "address" and value is not None}
    return replace(entity, payee={**entity.payee, **called}, address=reach.get("address", entity.address))


def _details(before: Entity, after: Entity) -> dict[str, object]:
    pairs = {
        "address": (before.address, after.address),
        **{name: (before.payee[name], after.payee[name]) for name in ("phone", "email")},
    }
    return {name: {"before": old, "after": new} for name, (old, new) in pairs.items() if old != new}
