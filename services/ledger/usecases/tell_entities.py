"""Tells every partition what is known of a creditor entity, because each concerns customers of all (L19)."""

from collections.abc import Iterator, Sequence

from services.ledger.domain.bank_account import BankAccount, account_on, in_turn
from services.ledger.store.entities import Entity
from shared.contracts import ledger
from shared.contracts.ledger import EntityRecorded, Payee
from shared.messaging.outgoing import Cause, Outgoing


def tell_entity(
    entity: Entity, accounts: Sequence[BankAccount], cause: Cause, *, partitions: int
) -> Iterator[Outgoing]:
    """Yield the entity's event for each partition; of its accounts only those that were approved."""
    event = EntityRecorded(
        entity=entity.entity,
        name=entity.name,
        country=entity.country,
        zone=entity.zone,
        currency=entity.currency,
        payee=_payee(entity, account_on(accounts, currency=entity.currency, day=cause.business_date)),
        tax_number=entity.tax_number,
        address=entity.address,
        sender_email=entity.sender_email,
        sms_signature=entity.sms_signature,
        accounts=[_told(each) for each in in_turn(accounts)],
    )
    for partition_no in range(partitions):
        yield Outgoing(
            event=event,
            subject=entity.entity,
            cause=cause,
            effective_date=cause.business_date,
            partition_no=partition_no,
        )


def _payee(entity: Entity, account: BankAccount | None) -> Payee:
    now = {} if account is None else {"name": account.holder, "account": account.number, "bank": account.bank}
    return Payee(**{**entity.payee, **now})


def _told(account: BankAccount) -> ledger.BankAccount:
    return ledger.BankAccount(
        currency=account.currency,
        holder=account.holder,
        bank=account.bank,
        number=account.number,
        bic=account.bic,
        valid_from=account.valid_from,
    )
