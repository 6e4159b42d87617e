"""The simulated staff: each day they do, skip or decide the tasks of the day before, and note what debtors say."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from dueflow_client.shapes import ContactPoint, Promise

from demo.debts import Debts, amount_text
from demo.habits import BEHAVIOR, on_weekday
from demo.house import COMPANY, House
from demo.population import Customer, Habit

_APPROVES_SHARE = 0.88
_SKIPS_SHARE = 0.15
_REACHED_SHARE = 0.8
_PAUSES_SHARE = 0.06
_PAUSE_DAYS = 10
_PROMISED_IN_DAYS = (3, 11)
_BROKEN_FOR_DAYS = (12, 40)
_TOLERANCE_DAYS = 5
_CLASSES: Mapping[Habit, tuple[str, float]] = {"unwilling": ("unwilling", 0.5), "troubled": ("in_difficulty", 0.4)}


class Staff:
    """Salespeople, collections managers and the legal department."""

    def __init__(self, house: House, customers: Sequence[Customer], debts: Debts) -> None:
        self._house = house
        self._customers = {customer.number: customer for customer in customers}
        self._debts = debts
        self._classified: set[str] = set()
        self._promised_until: dict[str, date] = {}

    async def work(self, today: date) -> bool:
        """Work through what was assigned before today, and return whether anything was decided.

        Nobody sees a task on the day it is made.
        """
        waiting: defaultdict[str, list[Any]] = defaultdict(list)
        async for task in self._house.dueflow.collections.tasks(state="open"):
            if date.fromisoformat(task["assigned_date"]) < today:
                waiting[task["customer_number"]].append(task)
        await asyncio.gather(
            *(self._serve(self._customers[number], tasks, today) for number, tasks in sorted(waiting.items()))
        )
        return any(task["decides"] for tasks in waiting.values() for task in tasks)

    async def _serve(self, customer: Customer, tasks: list[Any], today: date) -> None:
        """Do one customer's tasks one after the other, in an order that does not depend on ids.

        What is decided comes last, and one thing a day: an approved letter goes at once, and a promise or a stronger
        letter of the same day might withdraw it or might not.
        """
        decisions = sorted((task for task in tasks if task["decides"]), key=_when)
        for task in [*sorted((task for task in tasks if not task["decides"]), key=_when), *decisions[:1]]:
            await self._do(customer, task, today)

    async def _do(self, customer: Customer, task: Any, today: date) -> None:
        question = (customer.number, task["kind"], task["step"], today)
        chance = self._house.chance
        if task["decides"]:
            await self._decide(task, approves=chance.happens(_APPROVES_SHARE, "approves", *question))
        elif task["choices"]:
            await self._complete(task, chance.of("choice", *question).choice(task["choices"]))
        elif chance.happens(_SKIPS_SHARE, "skips", *question):
            await self._complete(task, "skipped")
        elif task["kind"] == "fix_contact":
            await self._fix_contact(customer)
            await self._complete(task, "done")
        elif task["kind"] not in {"call", "visit"}:
            await self._complete(task, "done")
        elif not chance.happens(_REACHED_SHARE, "reached", *question):
            await self._complete(task, "not_reached")
        else:
            await self._talk(customer, task, today)

    async def _decide(self, task: Any, *, approves: bool) -> None:
        call = self._house.dueflow.collections.decide_task(
            task["task_id"],
            decision="approve" if approves else "refuse",
            reason="file is complete" if approves else "try once more by phone",
        )
        await self._house.ask("tasks approved" if approves else "tasks refused", call)

    async def _complete(self, task: Any, outcome: str) -> None:
        call = self._house.dueflow.collections.complete_task(task["task_id"], outcome=outcome)
        await self._house.ask(f"tasks: {outcome.replace('_', ' ')}", call)

    async def _talk(self, customer: Customer, task: Any, today: date) -> None:
        """Reach the debtor: he promises, asks for time, or says nothing of use."""
        chance, question = self._house.chance, (customer.number, today)
        if chance.happens(BEHAVIOR[customer.habit].promise_share, "promises", *question):
            await self._complete(task, "answered")
            await self._promise(customer, today)
        elif chance.happens(_PAUSES_SHARE, "pauses", *question):
            await self._complete(task, "answered")
            await self._pause(customer, today)
        else:
            await self._complete(task, "done")
        if task["role"] != "salesperson" and task["case_id"]:
            await self._classify(customer, task["case_id"])

    async def _promise(self, customer: Customer, today: date) -> None:
        overdue = self._debts.overdue(customer, today=today)
        if not overdue or self._promised_until.get(customer.number, date.min) >= today:
            return
        draw = self._house.chance.of("promise", customer.number, today)
        promised_date = on_weekday(today + timedelta(days=draw.randint(*_PROMISED_IN_DAYS)))
        promise: Promise = {
            "entity": COMPANY["code"],
            "customer_number": customer.number,
            "currency": customer.currency,
            "amount": amount_text(sum(debt.willing_minor for debt in overdue), customer),
            "promised_date": promised_date.isoformat(),
        }
        if customer.designates:
            promise["invoice_numbers"] = sorted({debt.invoice_number for debt in overdue})
        call = self._house.dueflow.collections.record_promise(promise)
        if await self._house.ask("promises", call) is None:
            return
        self._promised_until[customer.number] = promised_date + timedelta(days=_TOLERANCE_DAYS)
        keeps = draw.random() < BEHAVIOR[customer.habit].keeps_share
        later = on_weekday(promised_date + timedelta(days=draw.randint(*_BROKEN_FOR_DAYS)))
        for debt in overdue:
            debt.pay_date = promised_date if keeps else debt.pay_date and max(debt.pay_date, later)

    async def _fix_contact(self, customer: Customer) -> None:
        """Find out whom to write to, and where the contract says that letters are served."""
        notifications = self._house.dueflow.notifications
        known = [each async for each in notifications.contact_points(customer_number=customer.number)]
        if not known:
            contact: ContactPoint = {**customer.contact, "verified": True, "address_for_service": True}
            await self._house.ask("contact points", notifications.add_contact_point(contact))
        for each in known:
            call = notifications.verify_contact_point(each["contact_point_id"], address_for_service=True)
            await self._house.ask("contact points verified", call)

    async def _pause(self, customer: Customer, today: date) -> None:
        call = self._house.dueflow.collections.start_pause(
            {
                "scope": "customer",
                "entity": COMPANY["code"],
                "customer_number": customer.number,
                "start_date": today.isoformat(),
                "end_date": (today + timedelta(days=_PAUSE_DAYS)).isoformat(),
                "reason": "agreed_by_phone",
            }
        )
        await self._house.ask("pauses", call)

    async def _classify(self, customer: Customer, case_id: str) -> None:
        """Confirm once what kind of debtor this is, where the manager has come to a view."""
        debtor_class, share = _CLASSES.get(customer.habit, ("", 0.0))
        if case_id in self._classified or not self._house.chance.happens(share, "class", customer.number):
            return
        self._classified.add(case_id)
        call = self._house.dueflow.collections.classify_debtor(
            case_id, debtor_class=debtor_class, reason="talked with the manager"
        )
        await self._house.ask(f"debtors classified: {debtor_class.replace('_', ' ')}", call)


def _when(task: Any) -> tuple[str, str, str]:
    return task["assigned_date"], task["kind"], task["step"] or ""
