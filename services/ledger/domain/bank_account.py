"""A creditor's bank accounts: proposed by one person, approved by another, each valid until the next (L19)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.ledger.domain.refusals import Conflict, FourEyes, Invalid

State = Literal["proposed", "approved", "refused"]

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_IBAN_REMAINDER = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """An account to which customers may pay one currency; `number` is an IBAN or the bank's own number."""

    account_id: UUID
    entity: str
    currency: str
    holder: str
    bank: str
    number: str
    bic: str | None
    valid_from: date
    state: State
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None


def check_number(number: str, *, pointer: str) -> None:
    """Raise Invalid for an IBAN whose check digits are wrong; other numbers have no rule that holds everywhere."""
    plain = number.replace(" ", "")
    if _IBAN.fullmatch(plain) is None:
        return
    digits = "".join(str(int(character, 36)) for character in plain[4:] + plain[:4])
    if int(digits) % 97 != _IBAN_REMAINDER:
        raise Invalid("The check digits of this IBAN are wrong.", pointer=pointer)


def approve(account: BankAccount, *, by: str, at: datetime, day: date) -> BankAccount:
    """Return the account as another person approves it: valid from its date, and never before this day."""
    _check_open(account)
    if account.proposed_by == by:
        raise FourEyes("Who proposed an account does not approve it.")
    valid_from = max(account.valid_from, day)
    return replace(account, state="approved", valid_from=valid_from, decided_by=by, decided_at=at)


def refuse(account: BankAccount, *, by: str, at: datetime) -> BankAccount:
    """Return the account as it is refused, by another person or by who takes the own proposal back."""
    _check_open(account)
    return replace(account, state="refused", decided_by=by, decided_at=at)


def in_turn(accounts: Iterable[BankAccount]) -> list[BankAccount]:
    """Return the approved accounts in the order in which they take over: on one date, the one decided on later."""
    approved = [each for each in accounts if each.state == "approved"]
    return sorted(approved, key=lambda each: (each.valid_from, each.decided_at or each.proposed_at))


def account_on(accounts: Iterable[BankAccount], *, currency: str, day: date) -> BankAccount | None:
    """Return the account that takes payments in this currency on `day`."""
    valid = [each for each in in_turn(accounts) if each.currency == currency and each.valid_from <= day]
    return valid[-1] if valid else None


def _check_open(account: BankAccount) -> None:
    if account.state != "proposed":
        raise Conflict(f"The account is {account.state} already.")
