"""What the simulated company knows of its customers as risks: more of the large, little of some, nothing of a few."""

from datetime import date, timedelta
from typing import Literal

from dueflow_client.shapes import Amount, Financials
from dueflow_client.shapes import Customer as CustomerBody

from demo.chance import Chance
from demo.debts import amount_text
from demo.population import Customer, Habit, Size

_KNOWN_SHARE = 0.85
_SIZE_CLASSES: dict[Size, dict[Literal["micro", "small", "medium", "large"], float]] = {
    "small": {"micro": 35, "small": 65},
    "medium": {"small": 20, "medium": 80},
    "large": {"medium": 15, "large": 85},
}
_STANDINGS: dict[Habit, dict[Literal["leader", "strong", "average", "weak"], float]] = {
    "prompt": {"leader": 20, "strong": 40, "average": 35, "weak": 5},
    "late": {"leader": 5, "strong": 25, "average": 55, "weak": 15},
    "troubled": {"strong": 10, "average": 45, "weak": 45},
    "unwilling": {"strong": 10, "average": 50, "weak": 40},
}
_SUED_SHARE: dict[Habit, float] = {"prompt": 0.02, "late": 0.08, "troubled": 0.3, "unwilling": 0.45}
_STATEMENT_SHARE: dict[Size, float] = {"small": 0.2, "medium": 0.7, "large": 0.95}
_INSURED_SHARE = 0.2
# Current assets and all debts, in per cent of current liabilities and of all assets.
_SOUNDNESS: dict[Habit, tuple[tuple[int, int], tuple[int, int]]] = {
    "prompt": ((120, 260), (20, 60)),
    "late": ((90, 170), (40, 75)),
    "troubled": ((50, 110), (65, 105)),
    "unwilling": ((80, 160), (50, 90)),
}


def add_facts(body: CustomerBody, customer: Customer, *, chance: Chance, today: date) -> None:
    """Add to a registration what is known of the customer; the same seed always knows the same."""
    number = customer.number
    sales_minor = round(
        customer.delivery_minor * customer.orders_a_month * 12 * chance.of("share", number).uniform(4, 30)
    )
    body["size_class"] = chance.one_of(_SIZE_CLASSES[customer.size], "size class", number)
    body["registration_number"] = f"R-{number}"
    if _is_known(chance, "registration", number):
        body["registration_state"] = "active"
    if _is_known(chance, "founded", number):
        years = chance.of("years", number).triangular(1, 45, 9)
        body["founding_date"] = (today - timedelta(days=round(years * 365))).isoformat()
    if _is_known(chance, "capital", number):
        body["registered_capital"] = _rounded(sales_minor // 5, customer)
    if _is_known(chance, "sales", number):
        body["annual_sales"] = _rounded(sales_minor, customer)
    if _is_known(chance, "standing", number):
        body["industry_standing"] = chance.one_of(_STANDINGS[customer.habit], "which standing", number)
    if _is_known(chance, "court", number):
        sued = chance.happens(_SUED_SHARE[customer.habit], "sued", number)
        body["judgments_count"] = chance.of("judgments", number).randint(1, 4) if sued else 0
        body["enforcements_count"] = int(sued and chance.happens(0.3, "enforced", number))
    if chance.happens(_INSURED_SHARE, "insured", number):
        body["insured_amount"] = _rounded(customer.limit_minor // 2, customer)
    if chance.happens(_STATEMENT_SHARE[customer.size], "statement", number):
        body["financials"] = _statement(customer, sales_minor, chance=chance, today=today)


def _is_known(chance: Chance, *question: object) -> bool:
    return chance.happens(_KNOWN_SHARE, "known", *question)


def _statement(customer: Customer, sales_minor: int, *, chance: Chance, today: date) -> Financials:
    draw, (liquidity, debt) = chance.of("figures", customer.number), _SOUNDNESS[customer.habit]
    assets_minor = round(sales_minor * draw.uniform(0.5, 1.2))
    owed_minor = assets_minor * draw.randint(*debt) // 100
    current_minor = owed_minor // 2
    return {
        "statement_date": date(today.year - 1, 12, 31).isoformat(),
        "currency": customer.currency,
        "current_assets": amount_text(current_minor * draw.randint(*liquidity) // 100, customer),
        "current_liabilities": amount_text(current_minor, customer),
        "total_assets": amount_text(assets_minor, customer),
        "total_liabilities": amount_text(owed_minor, customer),
        "sales": amount_text(sales_minor, customer),
        "net_profit": amount_text(sales_minor * draw.randint(-3, 9) // 100, customer),
    }


def _rounded(minor: int, customer: Customer) -> Amount:
    return {"amount": amount_text(minor // 100_000 * 100_000, customer), "currency": customer.currency}
