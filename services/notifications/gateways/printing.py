"""Prints letters as PDF by typst: small, fast, and the same bytes for the same content (N13)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import typst

from services.notifications.gateways.rendering import FOLDER, LetterWords

# An account's fields in the order in which a payment form asks for them; an entity need not have told all of them.
_PAYMENT = {"currencies": "currencies", "name": "account_name", "account": "account", "bank": "bank", "bic": "bic"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it is printed."""

    content: bytes

    @property
    def sha256(self) -> str:
        """Return the hash of the exact content (N8)."""
        return hashlib.sha256(self.content).hexdigest()


def print_letter(words: LetterWords, model: Mapping[str, Any], *, language: str, number: str) -> Letter:
    """Return the letter; neither a clock nor chance has a part in it."""
    shown = json.dumps(_shown(words, model, language=language, number=number), ensure_ascii=False)
    # Tags would make a long table four times as large; a reader who needs them has the mail, which says the same.
    printed = _paper().compile(format="pdf", sys_inputs={"letter": shown}, timestamp=0, pdf_tags=False)
    assert isinstance(printed, bytes), "a PDF is one file"
    return Letter(printed)


@cache
def _paper() -> typst.Compiler:
    """Return the compiled paper with its own fonts, whatever else is installed on the machine."""
    return typst.Compiler(
        str(FOLDER / "letter.typ"), root=str(FOLDER), font_paths=[str(FOLDER / "font")], ignore_system_fonts=True
    )


def _shown(words: LetterWords, model: Mapping[str, Any], *, language: str, number: str) -> dict[str, Any]:
    label, payee = words.labels, model["payee"]
    payment = [
        [label[name], account[field]]
        for account in model["accounts"]
        for field, name in _PAYMENT.items()
        if account[field]
    ]
    return {
        "language": language,
        "number": number,
        "title": words.title,
        "date": model["date"],
        "creditor": model["creditor"]["name"],
        "reach": [each for each in (model["creditor"]["address"], f"{payee['phone']}  ·  {payee['email']}") if each],
        "recipient": model["recipient"],
        "opening": words.opening,
        "closing": words.closing,
        "footer": words.footer,
        "columns": [label[name] for name in ("invoice", "due_date", "days_past_due", "amount")],
        "rows": [_row(line, label) for line in model["lines"]],
        "totals": model["totals"],
        "payment": [
            *payment,
            [label["reference"], _reference(model)],
            [label["customer_number"], model["recipient"]["number"]],
        ],
        "label": label,
    }


def _row(line: Mapping[str, Any], label: Mapping[str, str]) -> list[str]:
    part = f" ({label['part']} {line['ordinal']})" if line["ordinal"] != 1 else ""
    days = str(line["days_past_due"]) if line["days_past_due"] else "–"
    return [f"{line['invoice']}{part}", line["due_date"], days, line["amount"]]


def _reference(model: Mapping[str, Any]) -> str:
    """Return the invoice numbers; of many the first and the last, as the table above lists them all."""
    numbers: list[str] = model["reference"].split(", ")
    return model["reference"] if len(numbers) <= 6 else f"{numbers[0]} … {numbers[-1]}"  # noqa: PLR2004 - one line
