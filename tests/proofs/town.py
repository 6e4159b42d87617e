"""The four services together in one process: a company's commands, days, and events that travel in memory."""

import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from services.ledger.day_opening import advance, make_opener
from services.ledger.usecases.advance_day import Step as DayStep
from services.notifications.domain.message import Outcome
from services.notifications.gateways.parcels import Key, Parcel
from services.notifications.main import make_desk
from services.notifications.sender import Sender
from services.notifications.usecases.load_templates import load_templates
from shared.clock import FixedClock
from shared.ids import customer_id_of, partition_of
from tests.databases import RunDatabases
from tests.faults.house import PARTITIONS
from tests.faults.trade import _COMPANY, _contact, _customer
from tests.proofs.site import SERVICES, Site, Step, Topics, open_site

FIRST_DAY = date(2026, 3, 2)
ENTITY = _COMPANY["code"]


@dataclass(repr=False)
class Town:
    """Four sites and the topics between them."""

    sites: Mapping[str, Site]
    clock: FixedClock
    topics: Topics
    folder: Path
    day: date = FIRST_DAY
    mails: list[Key] = field(default_factory=list)
    deaf: frozenset[str] = frozenset()

    async def found(self) -> None:
        """Open the first day and found the company."""
        async with self.sites["notifications"].context.begin() as connection:
            await load_templates(connection, at=self.clock.now())
        await self._open_day()
        await self.sites["ledger"].post("/entities", _COMPANY)
        await self.drain()

    async def settle(self, number: str, **facts: Any) -> None:
        """Register a customer with a person to write to."""
        await self.sites["credit"].post("/customers", {**_customer(number), **facts})
        await self.sites["notifications"].post("/contact-points", _contact(number))

    def bill(self, number: str, customer: str, minor: int, *, due_in_days: int, **facts: Any) -> dict[str, Any]:
        """Return an invoice of today; a due date in the past makes it overdue at once."""
        due_date = self.day + timedelta(days=due_in_days)
        return {
            "entity": ENTITY,
            "number": number,
            "customer_number": customer,
            "issue_date": self.day.isoformat(),
            "currency": "CNY",
            "lines": [{"description": "Bearings", "amount": yuan(minor)}],
            "tax": "0",
            "total": yuan(minor),
            "instalments": [{"due_date": due_date.isoformat(), "amount": yuan(minor)}],
            **facts,
        }

    async def issue(self, number: str, customer: str, minor: int, *, due_in_days: int, **facts: Any) -> Any:
        """Issue an invoice of today."""
        body = self.bill(number, customer, minor, due_in_days=due_in_days, **facts)
        return await self.sites["ledger"].post("/invoices", body, key=f"issue-{number}")

    async def pay(self, reference: str, customer: str, minor: int, *, invoices: list[str]) -> Any:
        """Record money of today that names these invoices."""
        body = {
            "entity": ENTITY,
            "customer_number": customer,
            "source": "bank",
            "reference": reference,
            "received_date": self.day.isoformat(),
            "currency": "CNY",
            "amount": yuan(minor),
            "remittance": [{"invoice_number": each} for each in invoices],
        }
        return await self.sites["ledger"].post("/payments", body, key=f"pay-{reference}")

    async def bounce(self, payment_id: str) -> None:
        """Let a payment come back today."""
        body = {"reason": "bounced", "reversed_date": self.day.isoformat()}
        await self.sites["ledger"].post(f"/payments/{payment_id}/reversal", body, key=f"bounce-{payment_id}")

    async def credit_note(self, number: str, customer: str, minor: int, *, invoice: str) -> None:
        """Lower an invoice."""
        body = {
            "entity": ENTITY,
            "number": number,
            "customer_number": customer,
            "issue_date": self.day.isoformat(),
            "currency": "CNY",
            "total": yuan(minor),
            "tax": "0",
            "reason": "returned",
            "invoice_number": invoice,
        }
        await self.sites["ledger"].post("/credit-notes", body, key=f"credit-{number}")

    async def turn(self, days: int = 1) -> None:
        """Let days pass, each worked to its end by all services."""
        for _ in range(days):
            self.day += timedelta(days=1)
            await self._open_day()

    async def _open_day(self) -> None:
        self.clock.at = datetime.combine(self.day, time(2), UTC)
        ledger = self.sites["ledger"]
        await ledger.post("/business-days", {"day": self.day.isoformat()})
        opener = make_opener(ledger.context)
        while await advance(ledger.context, opener) is DayStep.DONE:
            pass
        await self.drain()

    def replica(self, name: str) -> Site:
        """Return one process more of a service, over the same database."""
        site = self.sites[name]
        return open_site(name, site.context.settings.database_url, self.folder, topics=self.topics, clock=self.clock)

    async def drain(self) -> None:
        """Let everything be published, heard, worked and sent until nothing moves."""
        moved = True
        while moved:
            moved = False
            for site in self.sites.values():
                moved |= await site.publish() > 0
                moved |= site.service.name not in self.deaf and await site.listen()
            moved |= await send(self.sites["notifications"], self.mails)


async def send(site: Site, mails: list[Key]) -> bool:
    """Let a sender work until it has nothing to decide; the mails are taken by nobody but `mails`."""

    async def take(parcels: Mapping[Key, Parcel], /, *, begin_before: float) -> dict[Key, Outcome]:
        mails.extend(parcels)
        return {key: Outcome(kind="taken", code=250, answer="taken") for key in parcels}

    sender = Sender(site.context, make_desk(site.context), {"email": take})
    decided = False
    while await sender.round():
        decided = True
    if decided:
        site.done.append(Step())
    return decided


def yuan(minor: int) -> str:
    """Return an amount as the API reads it."""
    return f"{minor // 100}.{minor % 100:02}"


def customers(count: int, *, prefix: str = "C") -> list[str]:
    """Return the numbers of customers, `count` of each partition, in turn."""
    numbers = (f"{prefix}-{ordinal}" for ordinal in itertools.count())
    found: dict[int, list[str]] = {partition_no: [] for partition_no in range(PARTITIONS)}
    while min(map(len, found.values())) < count:
        number = next(numbers)
        found[partition_of(customer_id_of(number), PARTITIONS)].append(number)
    return [number for several in zip(*found.values(), strict=False) for number in several][: count * PARTITIONS]


@asynccontextmanager
async def open_town(databases: RunDatabases, folder: Path, *, make: Callable[..., Town] = Town) -> AsyncIterator[Town]:
    """Found a company over four fresh databases."""
    topics: Topics = {}
    clock = FixedClock(datetime.combine(FIRST_DAY, time(2), UTC))
    urls = {name: databases.url(await databases.copy_of(name)) for name in SERVICES}
    sites = {name: open_site(name, url, folder, topics=topics, clock=clock) for name, url in urls.items()}
    town = make(sites, clock, topics, folder)
    try:
        await town.found()
        yield town
    finally:
        for site in sites.values():
            await site.close()
        for url in urls.values():
            await databases.drop(urlsplit(url).path.lstrip("/"))
