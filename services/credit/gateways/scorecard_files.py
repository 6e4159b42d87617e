"""Reads scorecards from YAML; of each fault it says the line, the characteristic and the bin (C2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from services.credit.domain.habits import REMEMBERED_DAYS
from services.credit.domain.inputs import CATEGORIES, NUMBERS
from services.credit.domain.profile import Kind, SizeClass
from services.credit.domain.scorecard import Bin, Characteristic, Scorecard
from services.credit.gateways.bin_faults import Fault, bin_faults
from services.credit.gateways.lined_yaml import Lined, NotYaml, Place, read_lined
from shared.contracts.event import Code
from shared.web.models import Currency

HOUSE = Path(__file__).resolve().parent.parent / "scorecards"
MAX_REPORTED = 20

_INPUTS = {*NUMBERS, *CATEGORIES}


@dataclass(frozen=True, slots=True)
class ScorecardFault:
    """What is wrong in one place: the line, and the characteristic and bin (from 1) where it lies in one."""

    line: int
    characteristic: str | None
    bin: int | None
    detail: str

    def __str__(self) -> str:
        inside = [f"characteristic {self.characteristic}"] if self.characteristic else []
        inside += [f"bin {self.bin}"] if self.bin else []
        return ": ".join([f"line {self.line}", *([", ".join(inside)] if inside else []), self.detail])


class BadScorecard(ValueError):
    """The text is no scorecard; `faults` say where and why."""

    def __init__(self, file: str, faults: list[ScorecardFault]) -> None:
        super().__init__("; ".join(f"{file}: {each}" for each in faults))
        self.faults = faults


def _text_number(value: object) -> Decimal:
    if isinstance(value, str) and (bare := value.removeprefix("-")).replace(".", "", 1).isdigit() and bare.isascii():
        return Decimal(value)
    raise PydanticCustomError("number_text", 'Write a number as text, such as "12.5"')


def _input(name: object) -> object:
    if name not in _INPUTS:
        raise PydanticCustomError(
            "input", "There is no such input; inputs are {names}", {"names": ", ".join(sorted(_INPUTS))}
        )
    return name


Number = Annotated[Decimal, BeforeValidator(_text_number)]
Points = Annotated[int, Field(ge=-1000, le=1000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Bin(_Part):
    start: Annotated[Number | None, Field(alias="from")] = None
    end: Annotated[Number | None, Field(alias="to")] = None
    values: Annotated[list[str] | None, Field(min_length=1)] = None
    points: Points
    reason: Code


class _Characteristic(_Part):
    code: Code
    input: Annotated[str, BeforeValidator(_input)]
    missing: Points
    bins: Annotated[list[_Bin], Field(min_length=1, max_length=50)]


class _Serves(_Part):
    kinds: list[Kind] = []
    size_classes: list[SizeClass] = []


class _Cutoffs(_Part):
    A: int
    B: int
    C: int


class _Document(_Part):
    name: Code
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    serves: _Serves
    window_days: Annotated[int, Field(ge=30, le=REMEMBERED_DAYS)]
    minimum_known_pct: Annotated[int, Field(ge=0, le=100)]
    grades: _Cutoffs
    rates: dict[Currency, Number]
    characteristics: Annotated[list[_Characteristic], Field(min_length=1, max_length=100)]


@lru_cache(maxsize=256)
def read_scorecard(text: str, file: str = "document") -> Scorecard:
    """Return the scorecard in a YAML text; raise BadScorecard, which names the file."""
    try:
        lined = read_lined(text)
    except NotYaml as error:
        raise BadScorecard(file, [ScorecardFault(error.line, None, None, str(error))]) from None
    try:
        document = _Document.model_validate(lined.values)
    except ValidationError as error:
        found = [(each["loc"], each["msg"]) for each in error.errors(include_url=False, include_input=False)]
        raise BadScorecard(file, [_located(lined, place, said) for place, said in found[:MAX_REPORTED]]) from None
    if faults := [_located(lined, fault.place, fault.detail) for fault in _faults(document)]:
        raise BadScorecard(file, faults[:MAX_REPORTED])
    return _scorecard(document)


def house_texts() -> dict[str, str]:
    """Return the texts of the scorecards that the house comes with, by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(HOUSE.glob("*.yaml"))}


def _faults(document: _Document) -> Iterator[Fault]:
    cutoffs = document.grades
    if not cutoffs.A > cutoffs.B > cutoffs.C:
        yield Fault(("grades",), "The points of A, B and C must fall")
    codes: set[str] = set()
    for number, each in enumerate(document.characteristics):
        place: Place = ("characteristics", number)
        if each.code in codes:
            yield Fault((*place, "code"), "Another characteristic has this code")
        codes.add(each.code)
        yield from bin_faults((*place, "bins"), each.input, [_bin(part) for part in each.bins])
    if sum(max(part.points for part in each.bins) for each in document.characteristics) <= 0:
        yield Fault(("characteristics",), "Nobody can have points: the most of all characteristics must exceed zero")


def _located(lined: Lined, place: Place, detail: str) -> ScorecardFault:
    number = place[1] if len(place) > 1 and place[0] == "characteristics" else None
    code: str | None = None
    if isinstance(number, int):
        said = lined.values["characteristics"][number]
        code = str(said.get("code", number + 1)) if isinstance(said, Mapping) else str(number + 1)
    inside_bin = code is not None and len(place) > 3 and place[2] == "bins"  # noqa: PLR2004 - characteristics/n/bins/m
    bin_number = place[3] if inside_bin else None
    return ScorecardFault(lined.line_of(place), code, bin_number + 1 if isinstance(bin_number, int) else None, detail)


def _scorecard(document: _Document) -> Scorecard:
    return Scorecard(
        name=document.name,
        version=document.version,
        window_days=document.window_days,
        minimum_known_pct=document.minimum_known_pct,
        cutoffs={"A": document.grades.A, "B": document.grades.B, "C": document.grades.C},
        characteristics=tuple(
            Characteristic(
                code=each.code, input=each.input, missing=each.missing, bins=tuple(_bin(part) for part in each.bins)
            )
            for each in document.characteristics
        ),
        rates=document.rates,
        kinds=frozenset(document.serves.kinds),
        size_classes=frozenset(document.serves.size_classes),
    )


def _bin(part: _Bin) -> Bin:
    values: Any = part.values or ()
    return Bin(points=part.points, reason=part.reason, start=part.start, end=part.end, values=frozenset(values))
