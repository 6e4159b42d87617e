"""Founds the simulated company: the entity, its customers with their limits, contacts and contracts."""

import asyncio
from collections.abc import Sequence
from datetime import date

from dueflow_client.shapes import Contract
from dueflow_client.shapes import Customer as CustomerBody

from demo.chance import Chance
from demo.debts import amount_text
from demo.house import COMPANY, House
from demo.population import Customer
from demo.profiles import add_facts

_PENALTY_PCT_PER_DAY = "0.05"
_CONCURRENT_CALLS = 20
_COMPUTED_SHARE = 0.2


async def found(house: House, customers: Sequence[Customer], *, today: date) -> None:
    """Record what must be known before the first order."""
    await house.ask("entities", house.dueflow.ledger.record_entity(COMPANY))
    bodies = [_body(customer, chance=house.chance, today=today) for customer in customers]
    house.count("customers", await house.dueflow.credit.register_customers(bodies))
    contacts = [customer.contact for customer in customers if customer.reachable]
    house.count("contact points", await house.dueflow.notifications.add_contact_points(contacts))
    gate = asyncio.Semaphore(_CONCURRENT_CALLS)
    await asyncio.gather(*(_record_contract(house, customer, gate) for customer in customers))


def _body(customer: Customer, *, chance: Chance, today: date) -> CustomerBody:
    body: CustomerBody = {
        "customer_number": customer.number,
        "name": customer.name,
        "kind": customer.kind,
        "country": customer.country,
        "industry": customer.industry,
        "grade": customer.grade,
        "limit": {"amount": amount_text(customer.limit_minor, customer), "currency": customer.currency},
        "key_customer": customer.size == "large",
    }
    if chance.happens(_COMPUTED_SHARE, "computed limit", customer.number):
        del body["limit"]
    add_facts(body, customer, chance=chance, today=today)
    return body


async def _record_contract(house: House, customer: Customer, gate: asyncio.Semaphore) -> None:
    contract: Contract = {
        "entity": COMPANY["code"],
        "reference": customer.contract_reference,
        "customer_number": customer.number,
        "currency": customer.currency,
        "terms": customer.terms,
        "penalty_pct_per_day": _PENALTY_PCT_PER_DAY,
        "security_rank": int(customer.secured),
    }
    async with gate:
        await house.ask("contracts", house.dueflow.ledger.record_contract(contract))
