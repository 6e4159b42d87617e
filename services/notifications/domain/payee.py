"""Whom a customer pays and where: of the creditor's accounts, the one that takes his currency on the day (L19)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

Account = dict[str, str]


def accounts_on(payee: Mapping[str, Any], *, currencies: Iterable[str], day: date) -> list[Account]:
    """Return where these currencies are paid on `day`: name, account, bank, bic, and which of them where that differs.

    A currency without an account of its own is paid to that of the entity's currency; an entity of which no accounts
    were told is paid where its record says.
    """
    recorded = {name: payee.get(name, "") for name in ("name", "account", "bank", "bic")}
    usual = _valid(payee, payee.get("currency", ""), day) or recorded
    paid: list[tuple[Account, list[str]]] = []
    for currency in currencies:
        account = _valid(payee, currency, day) or usual
        together = next((each for known, each in paid if known == account), None)
        if together is None:
            paid.append((account, [currency]))
        else:
            together.append(currency)
    return [{**account, "currencies": ", ".join(each) if len(paid) > 1 else ""} for account, each in paid]


def _valid(payee: Mapping[str, Any], currency: str, day: date) -> Account | None:
    told = [
        each
        for each in payee.get("accounts", ())
        if each["currency"] == currency and date.fromisoformat(each["valid_from"]) <= day
    ]
    if not told:
        return None
    last = told[-1]
    return {"name": last["holder"], "account": last["number"], "bank": last["bank"], "bic": last["bic"] or ""}
