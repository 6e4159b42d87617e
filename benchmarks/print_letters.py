"""Measures how long a letter takes to print and how large it is, beside what is allowed and beside an empty letter.

`python -m benchmarks.print_letters [LETTERS]`. Every letter has another content; the first, which reads the font and
lays out the paper, is not counted. Times are the processor's, of all threads, so that a busy machine changes little.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from uuid import UUID

from services.notifications.domain.contact import ContactPoint
from services.notifications.domain.debt import Debt
from services.notifications.domain.decision import SpokenLine
from services.notifications.domain.letter import Demand, letter
from services.notifications.gateways.printing import Letter
from services.notifications.gateways.rendering import Words
from services.notifications.usecases.write_mail import write_letter

LETTERS = 50
ALLOWED_MS = 200
ALLOWED_BYTES = 100_000

_DAY = date(2026, 3, 31)
_NOBODY = UUID(int=0)
_PAYEE = {
    "name": "示例贸易",
    "account": "6222 0001",
    "bank": "示例银行",
    "phone": "+862112345678",
    "email": "ar@a.test",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """Letters of one kind: the milliseconds of half of them, of the slowest, and the bytes of the largest."""

    what: str
    half_ms: float
    slowest_ms: float
    largest_bytes: int


def measure(letters: int) -> list[Figure]:
    """Return the figures of one run."""
    figures = []
    for language in ("zh", "en"):
        words = Words.built_in(f"formal_demand.{language}")
        _timed(words, language, number=0, invoices=1)  # warm
        for invoices in (0, 1, 8, 200):
            made = [_timed(words, language, number=number, invoices=invoices) for number in range(letters)]
            times = [milliseconds for milliseconds, _ in made]
            largest = max(len(each.content) for _, each in made)
            figures.append(Figure(f"{language}, {invoices} invoices", median(times), max(times), largest))
    return figures


def _timed(words: Words, language: str, *, number: int, invoices: int) -> tuple[float, Letter]:
    model = letter(_demand(language, number=number, invoices=invoices or 1))
    if not invoices:
        model = {**model, "lines": []}
    started = time.process_time()
    made = write_letter(UUID(int=number << 64), words, model, language=language)
    return (time.process_time() - started) * 1000, made


def _demand(language: str, *, number: int, invoices: int) -> Demand:
    contact = ContactPoint(
        contact_point_id=_NOBODY,
        customer_id=_NOBODY,
        customer_number="C-1",
        company_name=f"明远机械{number}有限公司",
        name="王芳",
        role="finance",
        language=language,
        zone="Asia/Shanghai",
        email="ap@customer.test",
        phone=None,
        verified=True,
        address_for_service=True,
        opted_out=None,
        email_invalid_reason=None,
    )
    return Demand(
        contact=contact,
        creditor_name="示例贸易有限公司",
        payee=_PAYEE,
        spoken=[_line(number * 1000 + each) for each in range(invoices)],
        day=_DAY,
        answer_working_days=7,
    )


def _line(number: int) -> SpokenLine:
    debt = Debt(
        instalment_id=_NOBODY,
        customer_id=_NOBODY,
        invoice_id=UUID(int=number),
        invoice_number=f"INV-{number:07}",
        ordinal=1,
        entity="cn01",
        due_date=_DAY - timedelta(days=40 + number % 30),
        currency="CNY",
        open_minor=125_000 + number,
        episode=1,
        penalty_pct_per_day=Decimal("0.05"),
    )
    return SpokenLine(debt=debt, collectible_minor=debt.open_minor)


def _shown(figures: Sequence[Figure]) -> str:
    lines = [f"{'a letter':<18}{'half, ms':>10}{'slowest, ms':>13}{'bytes':>10}"]
    lines += [f"{'allowed':<18}{ALLOWED_MS:>10}{ALLOWED_MS:>13}{ALLOWED_BYTES:>10,}"]
    lines += [
        f"{each.what:<18}{each.half_ms:>10.1f}{each.slowest_ms:>13.1f}{each.largest_bytes:>10,}" for each in figures
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else LETTERS)
    sys.stdout.write(_shown(found))
    sys.exit(any(each.half_ms > ALLOWED_MS or each.largest_bytes > ALLOWED_BYTES for each in found))
