"""Writes amounts, dates and rates as people read them in their language."""

from copy import copy
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from shared.money import minor_digits

_LOCALES = {"zh": Locale.parse("zh_Hans_CN"), "en": Locale.parse("en_US")}


def amount_in(language: str, minor: int, currency: str) -> str:
    """Return an amount with its currency, with the decimals of ISO 4217: CNY 1250.00 is ¥1,250.00 in Chinese."""
    locale, digits = _LOCALES[language], minor_digits(currency)
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    number = Decimal(minor).scaleb(-digits)
    return str(pattern.apply(number, locale, currency=currency, currency_digits=False))


def plain_amount_in(language: str, minor: int, currency: str) -> str:
    """Return an amount without a currency sign, which gateways refuse in text messages: 1,250.00元, USD 1,250.00."""
    digits = minor_digits(currency)
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    number = format_decimal(Decimal(minor).scaleb(-digits), format=pattern, locale=_LOCALES[language])
    return f"{number}元" if (language, currency) == ("zh", "CNY") else f"{currency} {number}"


def date_in(language: str, day: date) -> str:
    """Return a date in full: 2026年3月31日, March 31, 2026."""
    return format_date(day, format="long", locale=_LOCALES[language])


def rate_in(language: str, pct: Decimal) -> str:
    """Return a rate in per cent without needless zeros: 0.05%."""
    return format_decimal(pct, format="0.####", locale=_LOCALES[language]) + "%"
