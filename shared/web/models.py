"""The types that request bodies and queries are made of: each accepts one spelling of a value and no other."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, LiteralString, Self
from zoneinfo import available_timezones

from babel import Locale
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared.money import CURRENCIES, AmountError, Money, parse_amount

FIRST_YEAR, LAST_YEAR = 1990, 2099

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_NOT_IN_LINE = re.compile(f"[\t\n\r{_CONTROLS}{_BIDI}]")
_NOT_IN_TEXT = re.compile(f"[{_CONTROLS}{_BIDI}]")


class StrictModel(BaseModel):
    """A request body or a part of one: no coercion, no unknown member, no change after reading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _refusal(kind: LiteralString, message: LiteralString) -> PydanticCustomError:
    return PydanticCustomError(kind, message)


def _nonzero(text: str) -> str:
    if not text.strip("0."):
        raise _refusal("amount_zero", "Amount must be greater than zero")
    return text


AmountText = Annotated[
    str,
    Field(pattern=r"^-?[0-9]{1,15}([.][0-9]{1,4})?$", examples=["1250.00"]),
]
PositiveAmountText = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,15}([.][0-9]{1,4})?$", examples=["1250.00"]),
    AfterValidator(_nonzero),
]


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise _refusal("currency", "Currency must be a current ISO 4217 code in capitals")
    return code


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["CNY"]), AfterValidator(_currency)]


class MoneyText(StrictModel):
    """An amount as a decimal string, with its currency."""

    amount: AmountText
    currency: Currency

    @model_validator(mode="after")
    def _fits_currency(self) -> Self:
        self.money()
        return self

    def money(self) -> Money:
        """Return the same in minor units."""
        try:
            return Money(parse_amount(self.amount, self.currency), self.currency)
        except AmountError as error:
            raise PydanticCustomError("amount_decimals", "{reason}", {"reason": str(error)}) from None


@dataclass(frozen=True, slots=True)
class SingleLine:
    """`Annotated[str, SingleLine(80)]`: a name or reference that cannot break a line, a log or a mail header."""

    max_length: int

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return _text_schema(self.max_length, _NOT_IN_LINE)


@dataclass(frozen=True, slots=True)
class MultiLine:
    """`Annotated[str, MultiLine(2000)]`: a note of several lines, without invisible or reordering characters."""

    max_length: int

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return _text_schema(self.max_length, _NOT_IN_TEXT)


def _text_schema(max_length: int, forbidden: re.Pattern[str]) -> CoreSchema:
    def check(text: str) -> str:
        if forbidden.search(text):
            raise _refusal("text_characters", "Text must not hold control or direction characters")
        if not text.strip():
            raise _refusal("text_blank", "Text must not be blank")
        return text

    text = core_schema.str_schema(min_length=1, max_length=max_length, strict=True)
    return core_schema.no_info_after_validator_function(check, text)


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _refusal("date_text", "Date must be a string such as 2026-03-31")
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        raise _refusal("date_unknown", "The calendar has no such date") from None
    return _in_window(parsed)


def _instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo:
        return value
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise _refusal("instant_text", "Time must be RFC 3339 with an offset, such as 2026-03-31T10:00:00Z")
    try:
        parsed = datetime.fromisoformat(value.upper())
    except ValueError:
        raise _refusal("instant_unknown", "There is no such time") from None
    _in_window(parsed.date())
    return parsed.astimezone(UTC)


def _in_window(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise _refusal("year", f"Year must lie in {FIRST_YEAR} to {LAST_YEAR}")
    return value


BusinessDate = Annotated[date, BeforeValidator(_date, json_schema_input_type=date), Field(examples=["2026-03-31"])]
Instant = Annotated[
    datetime, BeforeValidator(_instant, json_schema_input_type=datetime), Field(examples=["2026-03-31T10:00:00Z"])
]


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise _refusal("whole_number", "Must be a whole number in ASCII digits")
    return int(value)


QueryInteger = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]


# Regions that CLDR names with two letters although ISO 3166-1 does not assign them.
_NO_COUNTRY = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])


@cache
def _countries() -> frozenset[str]:
    codes = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in codes if re.fullmatch("[A-Z]{2}", code)) - _NO_COUNTRY


def _country(code: str) -> str:
    if code not in _countries():
        raise _refusal("country", "Country must be an ISO 3166-1 alpha-2 code in capitals")
    return code


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise _refusal("zone", "Zone must be an IANA name such as Asia/Shanghai")
    return name


CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["CN"]), AfterValidator(_country)]
ZoneName = Annotated[str, Field(max_length=64, examples=["Asia/Shanghai"]), AfterValidator(_zone)]
