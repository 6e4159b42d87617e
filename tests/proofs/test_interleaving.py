"""Whichever topic is heard first: the same days leave equal rows in all services, histories and outboxes included."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared.messaging.kafka import Place
from tests.databases import RunDatabases
from tests.proofs.alike import unlike
from tests.proofs.canonical import Dump
from tests.proofs.recording import Company
from tests.proofs.site import Site
from tests.proofs.town import ENTITY, Town, customers, open_town, send, yuan

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(600), pytest.mark.slow]

TRADES_A_DAY = 3
QUIET_ROUNDS = 3
MEANS: Mapping[str, Any] = {
    "registered_capital": {"amount": "100000.00", "currency": "CNY"},
    "annual_sales": {"amount": "200000.00", "currency": "CNY"},
    "industry_standing": "average",
    "judgments_count": 0,
    "enforcements_count": 0,
}


@dataclass(repr=False)
class ScatteredTown(Town):
    """A town whose services publish, fetch and work when the dice say so.

    What each has fetched is a beginning of all that was ever appended, as from one broker, and it applies that topic by
    topic: so of two events it may hear the later one first, but never one before the event of the ledger behind it.
    """

    dice: random.Random = field(default_factory=random.Random)
    appended: list[Place] = field(default_factory=list)
    fetched: Counter[str] = field(default_factory=Counter)

    async def drain(self) -> None:
        """Let a little happen somewhere, until nothing is left anywhere."""
        quiet = 0
        while quiet < QUIET_ROUNDS:
            moved = False
            for site in self.dice.sample(list(self.sites.values()), len(self.sites)):
                moved |= await self._move(site)
            quiet = 0 if moved else quiet + 1

    async def _move(self, site: Site) -> bool:
        moved = await self._publish(site)
        name, before = site.service.name, self.fetched[site.service.name]
        self.fetched[name] = self.dice.randint(before, len(self.appended))
        here = Counter(self.appended[: self.fetched[name]])
        for place in site.places:
            while site.heard.get(place, 0) < here[place] and await site.hear(place):
                moved = True
        for number in sorted(site.waiting):
            moved |= self.dice.random() < 0.5 or await site.go_on(number)
        if name == "notifications" and self.dice.random() < 0.5:
            moved |= await send(site, self.mails)
        return moved or before < len(self.appended)

    async def _publish(self, site: Site) -> bool:
        known = Counter(self.appended)
        count = await site.publish()
        for place, records in self.topics.items():
            self.appended += [place] * (len(records) - known[place])
        return count > 0


async def live(town: Town, *, days: int) -> dict[str, Dump]:
    """Let people trade and promise, day by day, and return what all services know and have said."""
    company = Company(town, customers(2), random.Random(5))  # noqa: S311 - a test's dice
    await company.begin(**MEANS)
    promises = random.Random(6)  # noqa: S311 - a test's dice
    for _ in range(days):
        for person in company.people:
            if promises.random() < 0.1:
                await promise(town, person, invoice=promises.choice(company.invoices[person]))
        for _ in range(TRADES_A_DAY):
            await company.trade()
            if company.bounced:  # a promise that it breaks is told from another side than what is paid next
                await town.drain()
        await town.turn()
    return {name: await site.dump() for name, site in town.sites.items()}


async def promise(town: Town, person: str, *, invoice: str) -> None:
    """Let a customer promise a part of an invoice in some days; it is refused where nothing is open of it."""
    body = {
        "entity": ENTITY,
        "customer_number": person,
        "currency": "CNY",
        "amount": yuan(5_000),
        "promised_date": town.day.isoformat(),
        "invoice_numbers": [invoice],
    }
    answer = await town.sites["collections"].caller.post(
        "/promises", json=body, headers={"Idempotency-Key": f"promise-{person}-{town.day}"}
    )
    assert answer.status_code in {201, 202, 409}, answer.text


@pytest.mark.parametrize(
    ("days", "seeds"), [pytest.param(8, [1], id="8"), pytest.param(24, [1, 2], id="24", marks=pytest.mark.minutes)]
)
async def test_the_order_of_topics_shows_nowhere(
    databases: RunDatabases, folder: Path, days: int, seeds: list[int]
) -> None:
    """P4, P5, invariant 24: whoever is fast or slow, the same days leave the same rows."""
    async with open_town(databases, folder) as town:
        plain = await live(town, days=days)
    assert len(plain["credit"]["score"]) > days / 4
    assert len(plain["collections"]["case_entry"]) > days
    for seed in seeds:
        dice = random.Random(seed)  # noqa: S311 - a test's dice
        async with open_town(databases, folder, make=partial(ScatteredTown, dice=dice)) as town:
            found = unlike(plain, await live(town, days=days))
        assert not found, "\n".join(found)
