"""Six weeks of a company, recorded: what each service did record by record, and what it knew before and after."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.databases import RunDatabases
from tests.proofs.canonical import Dump
from tests.proofs.site import Site, Step
from tests.proofs.town import ENTITY, Town, customers

DAYS = 40
PRICES = (31_300, 100_000, 7_050)


@dataclass(frozen=True, slots=True, repr=False)
class Recording:
    """By service: the database before, what was done then one thing after the other, and the dump afterwards."""

    before: Mapping[str, str]
    scripts: Mapping[str, list[Step]]
    after: Mapping[str, Dump]


@dataclass
class Company:
    """People who trade at random, and the company's papers."""

    town: Town
    people: list[str]
    draw: random.Random
    invoices: dict[str, list[str]] = field(default_factory=dict)
    payments: list[Any] = field(default_factory=list)
    papers: int = 0
    bounced: bool = False

    async def begin(self, **facts: Any) -> None:
        """Let everybody be known and buy on credit; two debts are contested, and one of them is credited in part."""
        for person in self.people:
            await self.town.settle(person, limit={"amount": "9000.00", "currency": "CNY"}, **facts)
            order = {"customer_number": person, "order_number": "O-1", "amount": "1200.00", "currency": "CNY"}
            await self.town.sites["credit"].post("/credit-checks", order)
            await self._issue(person, due_in_days=1, order_number="O-1")
        await self.town.drain()
        for person, credited in zip(self.people, ("20.00", None), strict=False):
            await self._contest(person, credited)

    async def _contest(self, person: str, credited: str | None) -> None:
        collections = self.town.sites["collections"]
        body = {"entity": ENTITY, "customer_number": person, "reason": "damaged", "amount": "60.00"}
        receipt = await collections.post("/disputes", {**body, "invoice_number": self.invoices[person][0]})
        if credited:
            end = {"outcome": "partly_credited", "credited": credited}
            await collections.post(f"/disputes/{receipt['dispute_id']}/resolution", end)

    async def trade(self) -> None:
        """Let a day's business happen: each customer may buy, pay, return, and see a payment bounce (`bounced`)."""
        self.bounced = False
        for person in self.people:
            chance = self.draw.random()
            if chance < 0.08:
                await self._issue(person, due_in_days=self.draw.randint(-3, 15))
            elif chance < 0.14:
                await self._pay(person)
            elif chance < 0.17:
                note = self._paper("N")
                await self.town.credit_note(note, person, 2_000, invoice=self.draw.choice(self.invoices[person]))
        if self.payments and self.draw.random() < 0.15:
            await self.town.bounce(self.payments.pop(0)["payment_id"])
            self.bounced = True

    async def _issue(self, person: str, *, due_in_days: int, **facts: Any) -> None:
        number = self._paper("I")
        await self.town.issue(number, person, self.draw.choice(PRICES), due_in_days=due_in_days, **facts)
        self.invoices.setdefault(person, []).append(number)

    async def _pay(self, person: str) -> None:
        named = self.draw.sample(self.invoices[person], 1)
        minor = self.draw.choice((*PRICES, 40_000))
        self.payments.append(await self.town.pay(self._paper("P"), person, minor, invoices=named))

    def _paper(self, kind: str) -> str:
        self.papers += 1
        return f"{kind}-{self.papers:06}"


async def record(town: Town, databases: RunDatabases) -> Recording:
    """Live through the weeks event by event; the ledger hears the others at the end, since its own are commands."""
    company = Company(town, customers(2), random.Random(5))  # noqa: S311 - a test's dice
    town.deaf = frozenset({"ledger"})
    await company.begin()
    followers = [site for name, site in town.sites.items() if name != "ledger"]
    before = {site.service.name: await _copy(site, databases) for site in followers}
    for _ in range(DAYS):
        await company.trade()
        await town.turn()
    before["ledger"] = await _copy(town.sites["ledger"], databases)
    town.deaf = frozenset()
    await town.sites["ledger"].listen()
    return Recording(
        before=before,
        scripts={name: site.done for name, site in town.sites.items()},
        after={name: await site.dump() for name, site in town.sites.items()},
    )


async def _copy(site: Site, databases: RunDatabases) -> str:
    """Keep the database as it stands, and begin to note what is done."""
    await site.let_go()
    site.done.clear()
    return await databases.duplicate(urlsplit(str(site.context.settings.database_url)).path.lstrip("/"))
