"""Tries words on sample letters, so that a template that could fail at night fails when it is written (N2)."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from services.notifications.domain.contact import ContactPoint
from services.notifications.domain.debt import Debt
from services.notifications.domain.decision import SpokenLine
from services.notifications.domain.letter import Demand, letter
from services.notifications.gateways.rendering import Words, render, render_letter

_NOBODY = UUID(int=0)
_DAY = date(2026, 3, 31)


def try_words(words: Words, *, language: str) -> None:
    """Render each sample; raise BadTemplate where the words do not fit."""
    for demand in _samples(language):
        render(words, letter(demand), language=language)
        render_letter(words, letter(demand), language=language)


def _samples(language: str) -> list[Demand]:
    """Return a demand with penalties, two currencies and a period, and one with a single line before due."""
    late = [
        _line("INV-1", date(2026, 3, 1), "CNY", Decimal("0.05")),
        _line("INV-2", date(2026, 3, 9), "JPY", Decimal(0)),
    ]
    early = [_line("INV-3", date(2026, 4, 10), "CNY", Decimal(0))]
    return [_demand(language, late, answer_working_days=7), _demand(language, early, answer_working_days=None)]


def _demand(language: str, spoken: list[SpokenLine], *, answer_working_days: int | None) -> Demand:
    contact = ContactPoint(
        contact_point_id=_NOBODY,
        customer_id=_NOBODY,
        customer_number="C-1",
        company_name="Sample Ltd",
        name="Wang Fang",
        role="finance",
        language=language,
        zone="Asia/Shanghai",
        email="wang@customer.example",
        phone=None,
        verified=True,
        address_for_service=True,
        opted_out=None,
        email_invalid_reason=None,
    )
    payee = {"name": "Payee", "account": "1", "bank": "Bank", "phone": "+862112345678", "email": "ar@creditor.example"}
    return Demand(
        contact=contact,
        creditor_name="Creditor",
        payee=payee,
        spoken=spoken,
        day=_DAY,
        answer_working_days=answer_working_days,
        remark="A remark." if answer_working_days else "",
    )


def _line(number: str, due_date: date, currency: str, penalty: Decimal) -> SpokenLine:
    debt = Debt(
        instalment_id=_NOBODY,
        customer_id=_NOBODY,
        invoice_id=_NOBODY,
        invoice_number=number,
        ordinal=1,
        entity="cn01",
        due_date=due_date,
        currency=currency,
        open_minor=125_000,
        episode=1,
        penalty_pct_per_day=penalty,
    )
    return SpokenLine(debt=debt, collectible_minor=125_000)
