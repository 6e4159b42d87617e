"""What credit holds of a customer at present: light, terms, limit, derived anew when an input changes (C4, C6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from services.credit.domain.collectible import oldest_due_date
from services.credit.domain.habits import Debt, Habit
from services.credit.domain.holds import is_old
from services.credit.domain.light import Color, Light, Situation, Used, light_of
from services.credit.domain.limits import Computed, Means, Source, Temporary, granted, share_of
from services.credit.domain.newcomers import Growth, grow, is_newcomer, new_until
from services.credit.domain.policy import Policy
from services.credit.domain.profile import Profile
from services.credit.domain.terms import Terms, terms_of
from shared.money import Money

LimitReason = Literal["by_hand", "computed", "progressed", "temporary", "temporary_ended"]

_NOT_BEGUN = Growth()


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One customer's row.

    `oldest_due_date` to `paid_invoices` sum up what was heard of his debts, so that an order is decided without reading
    them. `given` is the limit set by hand, `computed` the one that follows from the formula and the growth,
    `secured` what securities in hand are worth. `told_date` is the latest day that was told of him ahead of its marker:
    what is heard or asked in between happens on that day, and never goes back.
    """

    customer_id: UUID
    partition_no: int
    light: Color = "green"
    light_reasons: tuple[str, ...] = ()
    terms_days: int | None = None
    terms_reasons: tuple[str, ...] = ()
    oldest_due_date: date | None = None
    promises_broken: tuple[date, ...] = ()
    first_invoice_date: date | None = None
    paid_invoices: int = 0
    growth: Growth = _NOT_BEGUN
    limit_source: Source | None = None
    given: Money | None = None
    computed: Money | None = None
    temporary: Temporary | None = None
    secured: Money | None = None
    hold_id: UUID | None = None
    told_date: date | None = None

    @property
    def standing_limit(self) -> Money | None:
        """The limit that counts whenever none is given for a time."""
        return self.given or self.computed


@dataclass(frozen=True, slots=True)
class Outlook:
    """A customer's row with what it was derived from; on `next_date` it may change though nothing is heard."""

    risk: Risk
    light: Light
    terms: Terms
    next_date: date | None


def owe(risk: Risk, debts: Iterable[Debt], *, disputed: Mapping[UUID, int], policy: Policy) -> Risk:
    """Return the risk once an invoice of these instalments is issued; it equals what `hear` would make of all debts."""
    new = list(debts)
    oldest = oldest_due_date(new, disputed=disputed, minimum_amount=policy.light.minimum_amount)
    issued = [each.issue_date for each in new if each.issue_date is not None]
    return _began(
        replace(risk, oldest_due_date=_earliest(risk.oldest_due_date, oldest)),
        _earliest(risk.first_invoice_date, *issued),
    )


def hear(risk: Risk, habit: Habit, *, disputed: Mapping[UUID, int], policy: Policy) -> Risk:
    """Return the risk with what debts and promises say; `disputed` is in minor units by instalment."""
    broken = (each.ended_date for each in habit.promises.values() if each.outcome == "broken")
    oldest = oldest_due_date(habit.debts.values(), disputed=disputed, minimum_amount=policy.light.minimum_amount)
    heard = replace(
        risk, oldest_due_date=oldest, promises_broken=tuple(sorted(broken)), paid_invoices=habit.paid_invoices
    )
    return _began(heard, habit.first_invoice_date)


def progress(risk: Risk, habit: Habit, *, policy: Policy, as_of: date) -> Risk:
    """Return the risk with the quarters that are over by `as_of` counted."""
    return replace(risk, growth=grow(risk.growth, habit.debts.values(), policy=policy.newcomers, as_of=as_of))


def recompute(risk: Risk, computed: Computed, *, policy: Policy) -> Risk:
    """Return the risk with the limit that follows from the formula; one that cannot be computed any more stays."""
    if computed.limit is None:
        return risk
    return replace(risk, computed=share_of(computed.limit, risk.growth.share_pct(policy.newcomers)))


def regrant(before: Risk, risk: Risk, *, as_of: date) -> tuple[Risk, Money | None, LimitReason]:
    """Return the risk with the limit that counts on `as_of`, that limit, and why it differs from the one before."""
    temporary = risk.temporary if risk.temporary is not None and as_of < risk.temporary.end_date else None
    grant = granted(temporary=temporary, given=risk.given, computed=risk.computed)
    reason: LimitReason = grant.source or "computed"
    if before.limit_source == "temporary" and grant.source != "temporary":
        reason = "temporary_ended"
    elif grant.source == "computed" and before.growth.steps != risk.growth.steps:
        reason = "progressed"
    return replace(risk, temporary=temporary, limit_source=grant.source), grant.limit, reason


def look(risk: Risk, profile: Profile | None, *, used: Used | None, policy: Policy, as_of: date) -> Outlook:
    """Return the risk with light and terms derived anew; a customer without a profile is judged by his debts."""
    grade = profile.grade if profile else None
    situation = Situation(
        grade=grade,
        insolvent=profile is not None and profile.insolvency_date is not None,
        blacklisted=profile is not None and profile.blacklist_reason is not None,
        oldest_due_date=risk.oldest_due_date,
        promises_broken=risk.promises_broken,
        used=used,
    )
    light = light_of(situation, policy=policy.light, as_of=as_of)
    is_new = newcomer(risk, policy=policy, as_of=as_of)
    terms = terms_of(grade=grade, is_newcomer=is_new, light=light.color, policy=policy.terms)
    seen = replace(
        risk,
        light=light.color,
        light_reasons=tuple(each.code for each in light.reasons),
        terms_days=terms.days,
        terms_reasons=terms.reasons,
    )
    return Outlook(seen, light, terms, _next_date(seen, light, policy, as_of))


def newcomer(risk: Risk, *, policy: Policy, as_of: date) -> bool:
    """Return whether the customer is new."""
    return is_newcomer(
        first_invoice_date=risk.first_invoice_date,
        paid_invoices=risk.paid_invoices,
        policy=policy.newcomers,
        as_of=as_of,
    )


def means_of(profile: Profile, risk: Risk) -> Means:
    """Return what the formula reads of a customer."""
    return Means(
        registered_capital=profile.registered_capital,
        annual_sales=profile.annual_sales,
        industry_standing=profile.industry_standing,
        grade=profile.grade,
        secured=risk.secured,
        insured_amount=profile.insured_amount,
    )


def _began(risk: Risk, first: date | None) -> Risk:
    growth = risk.growth if risk.growth.quarter_start else replace(risk.growth, quarter_start=first)
    return replace(risk, first_invoice_date=first, growth=growth)


def _next_date(risk: Risk, light: Light, policy: Policy, as_of: date) -> date | None:
    dates = [light.next_date]
    if (quarter_end := risk.growth.quarter_end(policy.newcomers)) is not None:
        dates.append(max(quarter_end, as_of + timedelta(days=1)))  # quarters of an imported history are over already
    if risk.hold_id is not None and not is_old(risk.oldest_due_date, debt_days=policy.hold_debt_days, as_of=as_of):
        dates.append(as_of + timedelta(days=1))  # paid, as it seems: the hold ends once the ledger's day has come
    if risk.temporary is not None:
        dates.append(risk.temporary.end_date)
    if risk.first_invoice_date is not None:
        dates.append(new_until(risk.first_invoice_date, policy.newcomers))
    return min((each for each in dates if each is not None and each > as_of), default=None)


def _earliest(*days: date | None) -> date | None:
    return min((each for each in days if each is not None), default=None)
