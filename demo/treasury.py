"""The simulated treasury: early in the year the company moves to another bank, by four eyes (L19)."""

from datetime import date, timedelta

from dueflow_client.shapes import BankAccount

from demo.house import COMPANY, House

_PROPOSED_AFTER_DAYS = 20
_APPROVED_AFTER_DAYS = 22


class Treasury:
    """Whoever keeps the bank accounts, and the colleague who must agree."""

    def __init__(self, house: House, *, first_day: date) -> None:
        self._house = house
        self._first_day = first_day
        self._account_id: str | None = None

    async def work(self, today: date) -> bool:
        """Propose the new account, or have it approved; return whether messages name another account from now."""
        if self._house.colleague is None:
            return False
        if today == self._first_day + timedelta(days=_PROPOSED_AFTER_DAYS):
            call = self._house.dueflow.ledger.propose_account(COMPANY["code"], _account(today))
            proposed = await self._house.ask("bank accounts proposed", call)
            self._account_id = proposed and proposed["account_id"]
        if self._account_id is None or today != self._first_day + timedelta(days=_APPROVED_AFTER_DAYS):
            return False
        call = self._house.colleague.ledger.approve_account(COMPANY["code"], self._account_id)
        return await self._house.ask("bank accounts approved", call) is not None


def _account(today: date) -> BankAccount:
    return {
        "currency": COMPANY["currency"],
        "holder": COMPANY["payee"]["name"],
        "bank": "示例商业银行上海浦东支行 Sample Commercial Bank Shanghai Pudong",
        "number": "6217 0000 0000 0000 456",
        "bic": "SAMPCNBJXXX",
        "valid_from": today.isoformat(),
    }
