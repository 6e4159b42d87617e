"""Which debts count against a customer: what is open and not disputed, unless it is too small to be chased (C6)."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.credit.domain.habits import Debt
from shared.money import minor_digits

DEFAULT = "default"


def oldest_due_date(
    debts: Iterable[Debt], *, disputed: Mapping[UUID, int], minimum_amount: Mapping[str, Decimal]
) -> date | None:
    """Return the due date of the oldest collectible debt; `disputed` is in minor units by instalment."""
    dates = (
        each.due_date
        for each in debts
        if each.open_minor > 0
        and each.open_minor - disputed.get(each.instalment_id, 0) >= _minimum_minor(each.currency, minimum_amount)
    )
    return min(dates, default=None)


def _minimum_minor(currency: str, minimum_amount: Mapping[str, Decimal]) -> int:
    amount = minimum_amount.get(currency, minimum_amount[DEFAULT])
    return max(1, int(amount.scaleb(minor_digits(currency))))
