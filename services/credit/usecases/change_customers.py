"""Registers customers and changes what is known of them; each change is kept and told to whom it concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain import profile as domain
from services.credit.domain.exposure import Parts
from services.credit.domain.policy import Policy
from services.credit.domain.profile import ChangeRefused, FieldChange, Profile
from services.credit.domain.risk import Risk
from services.credit.store.changes import RecordedChange
from services.credit.store.exposures import load_parts
from services.credit.store.facts import to_json
from services.credit.store.groups import ensure_groups
from services.credit.store.items import Item, confirm_items
from services.credit.store.profiles import load_known
from services.credit.store.rates import load_dated_rates
from services.credit.usecases import profile_events
from services.credit.usecases.request import Request
from services.credit.usecases.risk_desk import RiskDesk, open_risks
from shared.messaging.outbox import Outbox
from shared.messaging.outgoing import Cause
from shared.web.problem_types import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Register:
    """A new customer; with `update` one who is known already gets these facts instead of a refusal."""

    facts: Mapping[str, Any]
    update: bool = False


@dataclass(frozen=True, slots=True)
class Amend:
    """Set these fields, if the version is still the one that was read (None: whichever it is)."""

    facts: Mapping[str, Any]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Blacklist:
    """Sell nothing on credit, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Delist:
    """Take off the blacklist, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecordInsolvency:
    """Insolvency was opened on that date."""

    opened_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCustomer:
    """One change of one customer.

    `source` is "rest" or names the import or outside source, which saw the facts on `observed_date` (None: today);
    `note` is why, in a person's words.
    """

    customer_id: UUID
    change: Register | Amend | Blacklist | Delist | RecordInsolvency
    request: Request
    source: str = "rest"
    observed_date: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """The customer as it stands now; `before` is None if the customer is new."""

    before: Profile | None
    after: Profile


async def change_customers(
    connection: AsyncConnection, commands: Sequence[ChangeCustomer], *, policy: Policy, outbox: Outbox
) -> list[Changed | Problem]:
    """Apply the changes in order to locked customers; return for each what stands now, or why it was refused."""
    known = await load_known(connection, {each.customer_id for each in commands})
    days = {each.customer_id: each.request.today(known[each.customer_id].today) for each in commands}
    desk = await open_risks(connection, known, policy=policy, rates=await load_dated_rates(connection, days.values()))
    parts = await load_parts(connection, known)
    results = [_change(each, desk, parts[each.customer_id], days[each.customer_id]) for each in commands]
    await ensure_groups(connection, {each.group for each in desk.changed_profiles.values() if each.group})
    await desk.save(connection)
    changed = [command for command, result in zip(commands, results, strict=True) if isinstance(result, Changed)]
    await confirm_items(connection, [item for each in changed for item in _items(each, days[each.customer_id])])
    await outbox.append(connection, desk.events)
    return results


def _change(command: ChangeCustomer, desk: RiskDesk, parts: Parts, today: date) -> Changed | Problem:
    before, risk = desk.profiles[command.customer_id], desk.risks[command.customer_id]
    try:
        after = _apply(command, before, risk)
    except ChangeRefused as refusal:
        return Problem(CONFLICT, str(refusal))
    except Problem as problem:
        return problem
    cause = command.request.cause(today)
    if after != before:
        desk.put(after)
        desk.changes += _recorded(command, domain.changes_between(before, after), after, cause)
        desk.events += profile_events.between(before, after, cause=cause, reason=_reason(command.change))
    if _gives_limit(command.change):
        risk = replace(risk, given=after.limit, temporary=None)
    if after != before or risk != desk.risks[command.customer_id]:
        desk.settle(risk, parts=parts, cause=cause)
    return Changed(before, desk.profiles[command.customer_id] or after)


def _apply(command: ChangeCustomer, before: Profile | None, risk: Risk) -> Profile:
    change = command.change
    if isinstance(change, Register):
        if before is not None and change.update:
            return domain.amend(before, change.facts)
        new = Profile(customer_id=command.customer_id, partition_no=risk.partition_no, **change.facts)
        if before is not None and new.limit == risk.given:
            new = replace(new, limit=before.limit)  # what the rules made of it since is no other fact
        return domain.register(before, new)
    if before is None:
        raise Problem(NOT_FOUND)
    match change:
        case Amend(facts, version):
            if version not in {None, before.version}:
                raise Problem(PRECONDITION_FAILED)
            return domain.amend(before, facts)
        case Blacklist(reason):
            return domain.blacklist(before, reason=reason)
        case Delist():
            return domain.delist(before)
        case RecordInsolvency(opened_date):
            return domain.record_insolvency(before, opened_date=opened_date)


def _items(command: ChangeCustomer, today: date) -> list[Item]:
    if not isinstance(command.change, Register | Amend):
        return []
    named = (name for name in domain.DATED if command.change.facts.get(name) is not None)
    return [Item(command.customer_id, name, command.source, command.observed_date or today) for name in named]


def _gives_limit(change: object) -> bool:
    return isinstance(change, Register | Amend) and change.facts.get("limit") is not None


def _reason(change: object) -> str:
    return change.reason if isinstance(change, Blacklist | Delist) else profile_events.BY_HAND


def _recorded(
    command: ChangeCustomer, differences: Sequence[FieldChange], after: Profile, cause: Cause
) -> list[RecordedChange]:
    return [
        RecordedChange(
            change_id=cause.id_of(f"change/{command.customer_id}", each.field),
            subject=f"customer/{command.customer_id}",
            customer_id=command.customer_id,
            partition_no=after.partition_no,
            field=each.field,
            before=to_json(each.before),
            after=to_json(each.after),
            reason=command.note,
            source=command.source,
            actor=cause.actor,
            correlation_id=cause.correlation_id,
            business_date=cause.business_date,
            recorded_at=cause.recorded_at,
        )
        for each in differences
    ]
