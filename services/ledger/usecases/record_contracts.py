"""Records contracts with their terms, which their invoices take where they state none (L1)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.domain.contract import Contract
from services.ledger.store import days
from services.ledger.store.books import insert_audit
from services.ledger.store.contracts import find_contracts, insert_contracts, terms_as_json
from services.ledger.store.entities import find_entities
from services.ledger.usecases.book_rows import of_audit
from services.ledger.usecases.origin import Origin
from services.ledger.usecases.refusals import no_day, problem_of, recorded_otherwise, unknown_entity
from shared.contracts.ledger import ContractRecorded
from shared.ids import partition_of
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause, Outgoing
from shared.rows import Row
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContract:
    """Record this contract."""

    origin: Origin
    contract: Contract


async def record_contracts(
    connection: AsyncConnection, commands: Sequence[RecordContract], *, outbox: Outbox
) -> list[Contract | Problem]:
    """Record each contract, or say why not; the same contract again is answered as it stands. Customers are locked."""
    day = await days.open_day(connection)
    if day is None:
        return [no_day() for _ in commands]
    entities = await find_entities(connection, {command.contract.entity for command in commands})
    known = await find_contracts(connection, {_key(command.contract) for command in commands})
    new: list[tuple[Contract, Cause]] = []
    results: list[Contract | Problem] = []
    for command in commands:
        contract = command.contract
        if contract.entity not in entities:
            results.append(problem_of(unknown_entity()))
            continue
        if _key(contract) not in known:
            known[_key(contract)] = contract
            new.append((contract, command.origin.on(day).of(contract.contract_id)))
        recorded = known[_key(contract)]
        same = replace(contract, contract_id=recorded.contract_id) == recorded
        results.append(recorded if same else problem_of(recorded_otherwise()))
    await insert_contracts(connection, [_row(contract, cause, outbox.partitions) for contract, cause in new])
    await insert_audit(connection, [_audit(contract, cause, outbox.partitions) for contract, cause in new])
    await outbox.append(connection, [_announcement(contract, cause) for contract, cause in new])
    return results


def _key(contract: Contract) -> tuple[str, str]:
    return contract.entity, contract.reference


def _row(contract: Contract, cause: Cause, partitions: int) -> Row:
    return {
        **asdict(contract),
        "terms": terms_as_json(contract.terms),
        "partition_no": partition_of(contract.customer_id, partitions),
        "recorded_day": cause.business_date,
        "recorded_at": cause.recorded_at,
    }


def _audit(contract: Contract, cause: Cause, partitions: int) -> Row:
    details = {"reference": contract.reference, "terms": terms_as_json(contract.terms)}
    subject = str(contract.contract_id)
    row = of_audit("contract_recorded", subject, cause, effective_date=cause.business_date, details=details)
    partition_no = partition_of(contract.customer_id, partitions)
    return {**row, "partition_no": partition_no, "customer_id": contract.customer_id}


def _announcement(contract: Contract, cause: Cause) -> Outgoing:
    event = ContractRecorded(
        contract_id=contract.contract_id,
        entity=contract.entity,
        reference=contract.reference,
        currency=contract.currency,
        penalty_pct_per_day=contract.penalty_pct_per_day,
        security_rank=contract.security_rank,
    )
    return Outgoing(
        event=event,
        subject=str(contract.contract_id),
        cause=cause,
        effective_date=cause.business_date,
        customer_id=contract.customer_id,
    )
