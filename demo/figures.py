"""Asks the services, through their API, what a run came to."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date

import yaml
from dueflow_client import Dueflow

from demo.report import GradeLights, MessageCount, Receivables, Risks, StageCases, StepTimes

_HAPPENED = {"sent", "assigned", "done", "unknown"}
_WAITING = {"planned", "awaiting"}


async def receivables(dueflow: Dueflow, *, as_of: date, entity: str) -> list[Receivables]:
    """Return what was open at the end of a day, by currency."""
    totals = (await dueflow.ledger.aging(as_of=as_of, entity=entity))["totals"]
    return [Receivables(**{name: each[name] for name in Receivables.model_fields}) for each in totals]


async def risks(dueflow: Dueflow) -> Risks:
    """Return how customers stand with credit: grades by light, limits by source, holds."""
    found = [each async for each in dueflow.credit.risks()]
    lights = Counter((each["grade"] or "none", each["light"]) for each in found)
    sources = Counter(each["limit_source"] for each in found)
    holds = Counter([hold["lifted_date"] is None async for hold in dueflow.credit.holds()])
    return Risks(
        grades=[
            GradeLights(grade=each, green=lights[each, "green"], yellow=lights[each, "yellow"], red=lights[each, "red"])
            for each in sorted({grade for grade, _ in lights})
        ],
        limits_by_hand=sources["by_hand"],
        limits_computed=sources["computed"],
        holds_open=holds[True],
        holds_lifted=holds[False],
    )


async def stage_cases(dueflow: Dueflow) -> list[StageCases]:
    """Return how many cases are open and were closed, by the stage they last stood in."""
    counts = Counter([(case["stage"], case["state"]) async for case in dueflow.collections.cases()])
    stages = sorted({stage for stage, _ in counts})
    return [StageCases(stage=each, open=counts[each, "open"], closed=counts[each, "closed"]) for each in stages]


async def step_times(dueflow: Dueflow, *, first: date, last: date) -> list[StepTimes]:
    """Return every step of the house's playbook, in its order, with how often it came to which end."""
    document = yaml.safe_load((await dueflow.collections.playbooks())["house_document"])
    times: Counter[tuple[str, str]] = Counter()
    for count in await dueflow.collections.step_counts(first=first, last=last):
        times[count["step"], _end(count["state"])] += count["number"]
    return [
        StepTimes(
            step=step,
            happened=times[step, "happened"],
            waiting=times[step, "waiting"],
            passed_over=times[step, "passed_over"],
        )
        for step in dict.fromkeys(each["code"] for each in document["steps"])
    ]


async def message_counts(dueflow: Dueflow) -> list[MessageCount]:
    """Return how many messages came to which end, and why; the most frequent first."""
    counts: Counter[tuple[str, str, str | None]] = Counter()
    arrived: Counter[tuple[str, str, str | None]] = Counter()
    async for each in dueflow.notifications.messages():
        end = each["channel"], each["state"], each["reason"]
        counts[end] += 1
        arrived[end] += each["arrived"]
    return [
        MessageCount(
            channel=channel, state=state, reason=reason, number=number, arrived=arrived[channel, state, reason]
        )
        for (channel, state, reason), number in sorted(counts.items(), key=_frequent_first)
    ]


async def invoice_totals(dueflow: Dueflow, *, entity: str) -> AsyncIterator[str]:
    """Yield the total of every invoice of an entity."""
    async for invoice in dueflow.ledger.invoices():
        if invoice["entity"] == entity:
            yield invoice["total"]


def _end(state: str) -> str:
    if state in _HAPPENED:
        return "happened"
    return "waiting" if state in _WAITING else "passed_over"


def _frequent_first(counted: tuple[tuple[str, str, str | None], int]) -> tuple[int, str, str, str]:
    (channel, state, reason), number = counted
    return -number, channel, state, reason or ""
