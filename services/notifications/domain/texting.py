"""Lays out the facts of a message as the typed variables that an approved text message may have (N1)."""

from collections.abc import Mapping
from typing import Literal

from services.notifications.domain.letter import Demand, sums
from services.notifications.domain.wording import plain_amount_in

VariableType = Literal["name", "number", "amount", "phone"]

VARIABLES: Mapping[str, VariableType] = {
    "creditor": "name",
    "company": "name",
    "recipient": "name",
    "invoices": "number",
    "days": "number",
    "total": "amount",
    "phone": "phone",
}
"""What a text message can say; a name may be shortened to fit, nothing else may."""

ELLIPSIS = "…"


class DoesNotFit(ValueError):
    """A value is longer than the approved template allows, and must not be cut."""


def variables(demand: Demand) -> dict[str, str]:
    """Return the value of each variable."""
    language = demand.contact.language
    totals = [plain_amount_in(language, minor, currency) for currency, minor in sums(demand.spoken)]
    return {
        "creditor": demand.creditor_name,
        "company": demand.contact.company_name,
        "recipient": demand.contact.name,
        "invoices": str(len({line.debt.invoice_id for line in demand.spoken})),
        "days": str(max(0, *((demand.day - line.debt.due_date).days for line in demand.spoken))),
        "total": " + ".join(totals),
        "phone": demand.payee.get("phone", ""),
    }


def fitted(name: str, value: str, *, max_length: int) -> str:
    """Return the value as it fits: a long name is shortened, anything else that is too long raises DoesNotFit."""
    plain = " ".join(value.split())
    if len(plain) <= max_length:
        return plain
    if VARIABLES[name] != "name":
        raise DoesNotFit(f"{name} has {len(plain)} characters, the template allows {max_length}")
    return plain[: max_length - 1] + ELLIPSIS
