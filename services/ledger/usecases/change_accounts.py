"""Changes the bank accounts to which customers pay: one person proposes, another approves, and then all hear (L19)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.bank_account import BankAccount, approve, refuse
from services.ledger.domain.refusals import Refusal
from services.ledger.store import bank_accounts, days
from services.ledger.store.books import insert_audit
from services.ledger.store.entities import Entity, find_entities, lock_entities
from services.ledger.usecases.book_rows import of_audit
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of
from services.ledger.usecases.tell_entities import tell_entity
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.web.problem_types import NOT_FOUND
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeAccount:
    """Let customers pay to this account, once another person has approved it."""

    origin: Origin
    account: BankAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideAccount:
    """Approve or refuse what was proposed."""

    origin: Origin
    entity: str
    account_id: UUID
    decision: Literal["approve", "refuse"]


Command = ProposeAccount | DecideAccount


async def change_accounts(
    connection: AsyncConnection, commands: Sequence[Command], *, outbox: Outbox
) -> list[BankAccount | Problem]:
    """Carry out each command in its order, or say why not."""
    await lock_entities(connection)
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    # One by one: accounts change a few times in a company's life.
    return [await _change(connection, command, command.origin.on(day), outbox) for command in commands]


async def _change(connection: AsyncConnection, command: Command, cause: Cause, outbox: Outbox) -> BankAccount | Problem:
    code = command.account.entity if isinstance(command, ProposeAccount) else command.entity
    entity = (await find_entities(connection, [code])).get(code)
    if entity is None:
        return Problem(NOT_FOUND)
    if isinstance(command, ProposeAccount):
        await bank_accounts.insert_accounts(connection, [command.account])
        await _audit(connection, "account_proposed", command.account, cause)
        return command.account
    return await _decide(connection, command, entity, cause, outbox)


async def _decide(
    connection: AsyncConnection, command: DecideAccount, entity: Entity, cause: Cause, outbox: Outbox
) -> BankAccount | Problem:
    known = {
        each.account_id: each for each in (await bank_accounts.accounts_of(connection, [entity.entity]))[entity.entity]
    }
    proposed = known.get(command.account_id)
    if proposed is None:
        return Problem(NOT_FOUND)
    try:
        decided = _decided(command, proposed, cause)
    except Refusal as refusal:
        return problem_of(refusal)
    known[decided.account_id] = decided
    await bank_accounts.save_decisions(connection, [decided])
    await _audit(connection, f"account_{decided.state}", decided, cause)
    if decided.state == "approved":
        told = tell_entity(entity, list(known.values()), cause, partitions=outbox.partitions)
        await outbox.append(connection, list(told))
    return decided


def _decided(command: DecideAccount, proposed: BankAccount, cause: Cause) -> BankAccount:
    by, at = cause.actor, cause.recorded_at
    if command.decision == "approve":
        return approve(proposed, by=by, at=at, day=cause.business_date)
    return refuse(proposed, by=by, at=at)


async def _audit(connection: AsyncConnection, action: str, account: BankAccount, cause: Cause) -> None:
    details = {
        "account_id": account.account_id,
        "currency": account.currency,
        "number": account.number,
        "proposed_by": account.proposed_by,
    }
    row = of_audit(action, account.entity, cause, effective_date=account.valid_from, details=details)
    await insert_audit(connection, [{**row, "partition_no": 0, "customer_id": None}])
