"""The real credit, ledger and collections beside a small model: the same commands, repeated and delivered anyhow."""

import itertools
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.ledger.tests.identities import IDENTITIES
from shared.ids import customer_id_of
from tests.proofs.model import Model
from tests.proofs.town import Town, send

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(600), pytest.mark.slow]

AMOUNTS = st.sampled_from([1, 4_999, 5_000, 31_300, 100_000])
WHICH = st.integers(0, 30)
COMMANDS = st.one_of(
    st.tuples(st.just("issue"), WHICH, AMOUNTS, st.integers(-95, 3)),
    st.tuples(st.just("pay"), WHICH, AMOUNTS),
    st.tuples(st.just("credit"), WHICH, AMOUNTS),
    st.tuples(st.just("bounce"), WHICH),
    st.tuples(st.just("repeat"), WHICH),
    st.tuples(st.just("deliver")),
    st.tuples(st.just("turn")),
)
_TRIALS = itertools.count()


@dataclass
class Trial:
    """Two customers whom nobody else knows, the model of them, and every command so far."""

    town: Town
    dice: random.Random
    model: Model = field(default_factory=Model)
    name: str = field(default_factory=lambda: f"M{next(_TRIALS)}")
    said: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    payments: dict[str, str] = field(default_factory=dict)

    @property
    def people(self) -> list[str]:
        """The customers."""
        return [f"{self.name}-C{each}" for each in range(2)]

    async def do(self, kind: str, which: int = 0, *facts: int) -> None:
        """Give a command to the real thing and to the model, where there is something to give it about."""
        match kind:
            case "issue":
                await self._issue(self.people[which % 2], *facts)
            case "pay" | "credit" if self.model.invoices:
                await self._settle(kind, sorted(self.model.invoices)[which % len(self.model.invoices)], *facts)
            case "bounce" if self.payments:
                await self._bounce(sorted(self.payments)[which % len(self.payments)])
            case "repeat" if self.said:
                await self._say(*self.said[which % len(self.said)])
            case "deliver":
                await self.deliver()
            case "turn":
                await self.settle_down()
                await self.town.turn()
                self.said.clear()  # the same words on another day would be another command

    async def _say(self, verb: str, words: tuple[Any, ...], facts: dict[str, Any]) -> Any:
        """Command something; what was commanded before is answered as it was, and done once."""
        self.said.append((verb, words, facts))
        return await getattr(self.town, verb)(*words, **facts)

    async def _issue(self, person: str, minor: int, due_in_days: int) -> None:
        number = f"{self.name}-I{len(self.model.invoices):03}"
        await self._say("issue", (number, person, minor), {"due_in_days": due_in_days})
        self.model.issue(number, person, minor, self.town.day + timedelta(days=due_in_days))

    async def _settle(self, kind: str, invoice: str, minor: int) -> None:
        reference = f"{self.name}-S{len(self.model.credits):03}"
        debt = self.model.invoices[invoice]
        if kind == "pay":
            paid = await self._say("pay", (reference, debt.customer, minor), {"invoices": [invoice]})
            self.payments[reference] = paid["payment_id"]
        elif debt.credited_minor + minor <= debt.minor:  # no more can be credited than was ever billed
            await self._say("credit_note", (reference, debt.customer, minor), {"invoice": invoice})
            debt.credited_minor += minor
        else:
            return
        self.model.settle(reference, minor, invoice)

    async def _bounce(self, reference: str) -> None:
        await self._say("bounce", (self.payments.pop(reference),), {})
        self.model.bounce(reference)

    async def deliver(self) -> bool:
        """Publish all; let some services hear some topics, in any order and with records that came before."""
        sites = self.dice.sample(list(self.town.sites.values()), len(self.town.sites))
        moved = False
        for site in sites:
            moved |= await site.publish() > 0
            for place in self.dice.sample(site.places, self.dice.randint(0, len(site.places))):
                if (log := self.town.topics.get(place)) and self.dice.random() < 0.2:
                    site.append(self.dice.choice(log))
                moved |= await site.listen([place])
        return moved | await send(self.town.sites["notifications"], self.town.mails)

    async def settle_down(self) -> None:
        """Deliver like that for a while, then everything."""
        for _ in range(3):
            await self.deliver()
        await self.town.drain()

    async def rows(self, service: str, query: str) -> dict[Any, Any]:
        """Return the rows of a query about our customers, by their first column."""
        ids = [customer_id_of(each) for each in self.people]
        async with self.town.sites[service].context.engine.connect() as connection:
            found = await connection.execute(text(query), {"ids": ids})
            return {row[0]: row[1] for row in found}


@settings(
    max_examples=12, deadline=None, database=None, phases=[Phase.generate]
)  # found as it is, since trying is slow
@given(commands=st.lists(COMMANDS, min_size=4, max_size=14), seed=st.integers(0, 2**32))
async def test_balances_exposures_and_stages_are_the_models(
    town: Town, commands: list[tuple[Any, ...]], seed: int
) -> None:
    """Faults 6 (model test), L14, C5, K2: after each drain the real thing and the model agree to the cent."""
    trial = Trial(town, random.Random(seed))  # noqa: S311 - a test's dice
    for person in trial.people:
        await town.settle(person)
    for command in commands:
        await trial.do(*command)
        if command[0] == "turn":
            await _agree(trial)
    await trial.settle_down()
    await _agree(trial)


async def _agree(trial: Trial) -> None:
    model, today = trial.model, trial.town.day
    ids = {each: customer_id_of(each) for each in trial.people}
    debts = {number: debt.open_minor for number, debt in model.invoices.items()}
    assert await trial.rows("ledger", _INVOICES) == debts
    assert await trial.rows("ledger", _CREDITS) == {name: each.unapplied_minor for name, each in model.credits.items()}
    assert await trial.rows("collections", _RECEIVABLES) == debts
    exposures = {ids[each]: model.exposure_minor(each) for each in trial.people}
    assert {**dict.fromkeys(ids.values(), 0), **await trial.rows("credit", _EXPOSURES)} == exposures
    stages = {ids[each]: stage for each in trial.people if (stage := model.stage(each, today))}
    assert await trial.rows("collections", _STAGES) == stages
    await _conserves(trial.town)


async def _conserves(town: Town) -> None:
    """L14: each identity of the books, per invoice and per payment, finds nothing that breaks it."""
    async with town.sites["ledger"].context.engine.connect() as connection:
        for sentence, query in IDENTITIES.items():
            assert not list(await connection.execute(text(query))), sentence


_OURS = "customer_id = ANY(CAST(:ids AS uuid[]))"
_INVOICES = f"SELECT number, open_minor FROM invoice WHERE {_OURS}"
_CREDITS = f"""
    SELECT reference, unapplied_minor FROM payment WHERE {_OURS}
    UNION ALL SELECT number, unapplied_minor FROM credit_note WHERE {_OURS}
"""
_RECEIVABLES = f"SELECT invoice_number, open_minor FROM receivable WHERE {_OURS}"
_EXPOSURES = f"""
    SELECT customer_id, CAST(sum(open_minor + reserved_minor - unapplied_minor) AS bigint) FROM exposure
    WHERE {_OURS} GROUP BY customer_id
"""
_STAGES = f"SELECT customer_id, stage FROM collection_case WHERE closed_date IS NULL AND {_OURS}"
