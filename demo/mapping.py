"""How a user's CSV file is to be read: which column is what, and what the file leaves unsaid."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.money import AmountError, minor_digits

SHIPPED = Path(__file__).with_name("mappings")


class MappingError(ValueError):
    """No mapping fits the file, or the mapping itself is not valid; the message says what to do."""


def _current(currency: str) -> str:
    try:
        minor_digits(currency)
    except AmountError as error:
        raise ValueError(str(error)) from error
    return currency


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Part):
    """The file's own names of the columns that are read; the others are ignored."""

    invoice_number: str
    customer_number: str
    issue_date: str
    due_date: str
    amount: str
    settled_date: str | None = None
    customer_name: str | None = None

    def names(self) -> list[str]:
        """Return the columns that the file must have."""
        return [name for name in self.model_dump().values() if name is not None]


class Payee(_Part):
    """Whom the reminders ask to pay."""

    name: str
    account: str
    bank: str
    phone: str
    email: str


class Entity(_Part):
    """The creditor whose receivables the file holds."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]*$", max_length=64)]
    name: str
    accounts: Literal["china", "ifrs"] = "ifrs"
    payee: Payee


class Mapping(_Part):
    """A mapping file, checked."""

    name: str
    columns: Columns
    entity: Entity
    currency: Annotated[str, AfterValidator(_current)]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    zone: str
    language: Literal["zh", "en"] = "en"
    date_format: Annotated[str, Field(description="As strftime writes it, such as %m/%d/%Y")]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal_point: Literal[".", ","] = "."
    thousands_separator: Literal["", ",", ".", " ", "'"] = ""
    email: Annotated[str, Field(pattern=r"\{customer\}.*@example\.test$", description="Mail goes nowhere but here")]
    report_dates: Annotated[
        list[date], Field(description="On these days the report shows what was open and overdue")
    ] = []


def load_mapping(path: Path) -> Mapping:
    """Read one mapping file; raise MappingError with every field that is wrong."""
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path}: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise MappingError(f"{path}: {wrong}") from error


def find_mapping(header_line: str) -> Mapping:
    """Return the shipped mapping whose columns the file's first line has, the most specific one first."""
    found = [each for each in map(load_mapping, sorted(SHIPPED.glob("*.yaml"))) if _fits(each, header_line)]
    if not found:
        raise MappingError(
            "no mapping in demo/mappings fits the file's columns; write one like demo/mappings/ibm_late_payments.yaml "
            "and name it by --mapping (make demo DATA=... MAPPING=...)"
        )
    return max(found, key=lambda each: len(each.columns.names()))


def missing_columns(mapping: Mapping, header: Sequence[str]) -> list[str]:
    """Return the columns that the mapping reads and the file lacks."""
    return [name for name in mapping.columns.names() if name not in header]


def _fits(mapping: Mapping, header_line: str) -> bool:
    header = [cell.strip().strip('"') for cell in header_line.strip().split(mapping.delimiter)]
    return not missing_columns(mapping, header)
