"""The simulated customers: who they are, how large, on what terms, and by what habit they pay."""

from dataclasses import dataclass
from itertools import product
from typing import Literal

from dueflow_client.shapes import ContactPoint, Terms

from demo import names
from demo.chance import Chance

Habit = Literal["prompt", "late", "troubled", "unwilling"]
Size = Literal["small", "medium", "large"]
Grade = Literal["A", "B", "C", "D"]

_HABITS: dict[Habit, float] = {"prompt": 57, "late": 29, "troubled": 9, "unwilling": 5}
_SIZES: dict[Size, float] = {"small": 50, "medium": 35, "large": 15}
_FOREIGN_SHARE = 0.2
_WITHOUT_CONTACT_SHARE = 0.03
_UNVERIFIED_SHARE = 0.08
_ENGLISH_SHARE = 0.1
_DESIGNATING_SHARE = 0.75

# What a usual delivery is worth, in minor units before tax, and how many orders a customer places in a month.
_DELIVERY_MINOR: dict[Size, int] = {"small": 800_000, "medium": 4_500_000, "large": 26_000_000}
_ORDERS_A_MONTH: dict[Size, float] = {"small": 0.95, "medium": 1.45, "large": 2.1}
_DELIVERIES_AN_ORDER = 1.75
_LIMIT_IN_MONTHS: dict[Habit, int] = {"prompt": 7, "late": 6, "troubled": 4, "unwilling": 4}
# The grades that somebody once gave them; that some are too kind is what the year shows.
_GRADES: dict[Habit, dict[Grade, float]] = {
    "prompt": {"A": 60, "B": 40},
    "late": {"A": 10, "B": 70, "C": 20},
    "troubled": {"B": 40, "C": 60},
    "unwilling": {"B": 30, "C": 60, "D": 10},
}
_TERMS: tuple[Terms, ...] = (
    {"kind": "net", "days": 30},
    {"kind": "net", "days": 30},
    {"kind": "net", "days": 15},
    {"kind": "net", "days": 60},
    {"kind": "end_of_month", "days": 15},
    {"kind": "fixed_day", "day": 10, "months": 1},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A simulated customer; amounts are minor units of `currency`."""

    number: str
    name: str
    kind: Literal["company", "public_body", "sole_trader"]
    country: str
    zone: str
    industry: str
    size: Size
    habit: Habit
    grade: Grade
    currency: str
    limit_minor: int
    delivery_minor: int
    orders_a_month: float
    terms: Terms
    secured: bool
    designates: bool
    contact: ContactPoint
    reachable: bool

    @property
    def contract_reference(self) -> str:
        """Return the number of the contract under which everything is sold to this customer."""
        return f"K-{self.number}"


def populate(chance: Chance, *, count: int) -> list[Customer]:
    """Return `count` customers; the same seed always gives the same ones."""
    chinese = list(product(names.CITIES, names.BRANDS))
    chance.of("names").shuffle(chinese)
    return [_customer(chance, index, chinese[index % len(chinese)]) for index in range(count)]


def _customer(chance: Chance, index: int, chinese: tuple[tuple[str, str], tuple[str, str]]) -> Customer:
    number = f"C-{1001 + index}"
    habit = chance.one_of(_HABITS, "habit", number)
    size = chance.one_of(_SIZES, "size", number)
    industry = list(names.INDUSTRIES)[index % len(names.INDUSTRIES)]
    foreign = chance.happens(_FOREIGN_SHARE, "foreign", number)
    country = chance.of("country", number).choice(list(names.FOREIGN_COUNTRIES)) if foreign else "CN"
    name_zh, name_en = _foreign_name(index, industry, country) if foreign else _chinese_name(chinese, industry)
    # A dollar order is worth about as much as one in yuan.
    delivery_minor = round(_DELIVERY_MINOR[size] * chance.of("scale", number).uniform(0.5, 1.6)) // (
        7 if foreign else 1
    )
    orders_a_month = _ORDERS_A_MONTH[size] * chance.of("pace", number).uniform(0.6, 1.4)
    limit_minor = (
        int(delivery_minor * _DELIVERIES_AN_ORDER * orders_a_month * _LIMIT_IN_MONTHS[habit]) // 1_000_000 * 1_000_000
    )
    zone = names.FOREIGN_COUNTRIES[country][0] if foreign else "Asia/Shanghai"
    return Customer(
        number=number,
        name=name_zh,
        kind=_kind(chance, number, size),
        country=country,
        zone=zone,
        industry=industry,
        size=size,
        habit=habit,
        grade=chance.one_of(_GRADES[habit], "grade", number),
        currency="USD" if foreign else "CNY",
        limit_minor=max(limit_minor, 1_000_000),
        delivery_minor=delivery_minor,
        orders_a_month=orders_a_month,
        terms=chance.of("terms", number).choice(_TERMS),
        secured=chance.happens(0.1, "secured", number),
        designates=chance.happens(_DESIGNATING_SHARE, "designates", number),
        contact=_contact(chance, number, name_zh, name_en, zone, foreign=foreign),
        reachable=not chance.happens(_WITHOUT_CONTACT_SHARE, "without contact", number),
    )


def _kind(chance: Chance, number: str, size: Size) -> Literal["company", "public_body", "sole_trader"]:
    if size == "small" and chance.happens(0.15, "kind", number):
        return "sole_trader"
    return "public_body" if size == "large" and chance.happens(0.1, "kind", number) else "company"


def _chinese_name(parts: tuple[tuple[str, str], tuple[str, str]], industry: str) -> tuple[str, str]:
    (city_zh, city_en), (brand_zh, brand_en) = parts
    trade_zh, trade_en = names.INDUSTRIES[industry]
    return f"{city_zh}{brand_zh}{trade_zh}有限公司", f"{city_en} {brand_en} {trade_en} Co., Ltd."


def _foreign_name(index: int, industry: str, country: str) -> tuple[str, str]:
    brand = names.FOREIGN_BRANDS[index // len(names.INDUSTRIES) % len(names.FOREIGN_BRANDS)]
    name = f"{brand} {names.INDUSTRIES[industry][1]} {names.FOREIGN_COUNTRIES[country][1]}"
    return name, name


def _contact(chance: Chance, number: str, name_zh: str, name_en: str, zone: str, *, foreign: bool) -> ContactPoint:
    """Return the person to write to; some Chinese companies want English, as their parents do."""
    draw = chance.of("contact", number)
    english = foreign or draw.random() < _ENGLISH_SHARE
    surname, given = draw.choice(names.SURNAMES), draw.choice(names.GIVEN_NAMES)
    person = draw.choice(names.FOREIGN_PEOPLE) if foreign else surname[0] + given[0]
    verified = not chance.happens(_UNVERIFIED_SHARE, "unverified", number)
    return {
        "customer_number": number,
        "company_name": name_en if english else name_zh,
        "name": person if foreign or not english else f"{given[1]} {surname[1]}",
        "role": "accounts_payable",
        "language": "en" if english else "zh",
        "zone": zone,
        "email": f"{number.lower()}@example.test",
        "phone": f"+120255501{draw.randrange(100):02}",  # kept for fiction: nobody has these numbers
        "verified": verified,
        "address_for_service": verified,
    }
