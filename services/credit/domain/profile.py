"""What is known of a customer as a risk, and how each decision about it changes that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

from services.credit.domain.financials import BankSummary, Financials
from shared.money import Money

Kind = Literal["company", "public_body", "sole_trader"]
Grade = Literal["A", "B", "C", "D"]
RegistrationState = Literal["active", "suspended", "revoked", "deregistered"]
Standing = Literal["leader", "strong", "average", "weak"]
SizeClass = Literal["micro", "small", "medium", "large"]


class ChangeRefused(Exception):
    """The change contradicts what is recorded; the message says what stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A customer; `version` counts the changes, so that nobody overwrites what he has not read.

    `size_class` is that at the signing of the contract; people name a `key_customer`, or it is `top_by_sales`.
    """

    customer_id: UUID
    partition_no: int
    customer_number: str
    name: str
    tax_number: str | None = None
    kind: Kind
    country: str
    industry: str | None = None
    group: str | None = None
    grade: Grade | None = None
    key_customer: bool = False
    top_by_sales: bool = False
    limit: Money | None = None
    registration_number: str | None = None
    registration_state: RegistrationState | None = None
    registered_capital: Money | None = None
    founding_date: date | None = None
    annual_sales: Money | None = None
    industry_standing: Standing | None = None
    financials: Financials | None = None
    bank_summary: BankSummary | None = None
    judgments_count: int | None = None
    enforcements_count: int | None = None
    insured_amount: Money | None = None
    size_class: SizeClass | None = None
    blacklist_reason: str | None = None
    insolvency_date: date | None = None
    version: int = 1

    def told(self) -> dict[str, Any]:
        """Return what other services are told of, beside number and grade; the grade has an event of its own."""
        plain = {name: getattr(self, name) for name in ("kind", "country", "industry", "group")}
        return {**plain, "key_customer": self.key_customer or self.top_by_sales}


DATED = (
    "name",
    "tax_number",
    "kind",
    "country",
    "industry",
    "group",
    "registration_number",
    "registration_state",
    "registered_capital",
    "founding_date",
    "annual_sales",
    "industry_standing",
    "financials",
    "bank_summary",
    "judgments_count",
    "enforcements_count",
    "insured_amount",
    "size_class",
)
"""What may grow stale: of each it is kept from where it was last confirmed, and when."""

_NOT_FIELDS = {"customer_id", "partition_no", "customer_number", "version"}
_DERIVED = {"top_by_sales"}
_FIELDS = tuple(each.name for each in fields(Profile) if each.name not in _NOT_FIELDS)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field with its value before and after."""

    field: str
    before: Any
    after: Any


def changes_between(before: Profile | None, after: Profile) -> list[FieldChange]:
    """Return what differs; of a customer who is new, everything that was stated."""
    names = _FIELDS if before else [name for name in _FIELDS if name not in _DERIVED]
    pairs = [(name, getattr(before, name, None), getattr(after, name)) for name in names]
    return [FieldChange(name, old, new) for name, old, new in pairs if old != new]


def register(known: Profile | None, new: Profile, *, decided: Sequence[str] = ()) -> Profile:
    """Return the profile of a customer who registers; the same again changes nothing, another one is refused.

    What was `decided` since, beside the blacklist, insolvency and the place by sales, is not compared.
    """
    if known is None:
        return new
    names = ("blacklist_reason", "insolvency_date", "top_by_sales", "version", *decided)
    if replace(new, **{name: getattr(known, name) for name in names}) != known:
        raise ChangeRefused("A customer of this number is registered with other facts: change them by PATCH.")
    return known


def amend(known: Profile, changes: Mapping[str, Any]) -> Profile:
    """Return the profile with these fields set; the version moves only if something differs."""
    amended = replace(known, **changes)
    return replace(amended, version=known.version + 1) if amended != known else known


def blacklist(known: Profile, *, reason: str) -> Profile:
    """Return the profile on the blacklist."""
    if known.blacklist_reason is not None:
        raise ChangeRefused("The customer is on the blacklist already.")
    return amend(known, {"blacklist_reason": reason})


def delist(known: Profile) -> Profile:
    """Return the profile off the blacklist."""
    if known.blacklist_reason is None:
        raise ChangeRefused("The customer is not on the blacklist.")
    return amend(known, {"blacklist_reason": None})


def record_insolvency(known: Profile, *, opened_date: date) -> Profile:
    """Return the profile of a customer in insolvency since that date."""
    if known.insolvency_date is not None:
        raise ChangeRefused("Insolvency of this customer is recorded already.")
    return amend(known, {"insolvency_date": opened_date})


def withdraw_insolvency(known: Profile) -> Profile:
    """Return the profile of a customer whose insolvency is over, or was recorded in error."""
    if known.insolvency_date is None:
        raise ChangeRefused("No insolvency of this customer is recorded.")
    return amend(known, {"insolvency_date": None})
