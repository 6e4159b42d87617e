"""Customers as risks while a batch is applied: limit, light, terms, hold are derived anew after each cause (C4, C6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain import risk as domain
from services.credit.domain.exposure import Parts, exposure
from services.credit.domain.holds import Hold
from services.credit.domain.light import Used
from services.credit.domain.limits import compute
from services.credit.domain.policy import Policy
from services.credit.domain.profile import Profile
from services.credit.domain.rates import RateMissing, Rates
from services.credit.domain.risk import Outlook, Risk
from services.credit.store.changes import RecordedChange
from services.credit.store.holds import load_holds, save_holds
from services.credit.store.profiles import Known
from services.credit.store.risks import load_risks, save_risks
from services.credit.store.timers import set_timers
from services.credit.usecases.profile_events import Why
from services.credit.usecases.risk_events import hold_lifted, outgoing, risk_changed
from services.credit.usecases.writing import Writing
from shared.messaging.outgoing import Cause
from shared.money import Money

BY_POLICY = "policy"
"""The source of a limit that the rules gave."""


@dataclass(slots=True, kw_only=True)
class RiskDesk:
    """The customers of a batch as they stand after the causes so far; what differs in the end is saved, each row once.

    Profiles and events go into the writing, which is saved by whoever opened it.
    """

    policy: Policy
    rates: Mapping[date, Rates]
    known: Mapping[UUID, Known]
    writing: Writing
    risks: dict[UUID, Risk]
    holds: dict[UUID, Hold]
    loaded: Mapping[UUID, Risk]
    changed_holds: dict[UUID, Hold] = field(default_factory=dict)
    next_dates: dict[UUID, date | None] = field(default_factory=dict)

    def profile(self, customer_id: UUID) -> Profile | None:
        """Return the customer's profile as it stands now."""
        return self.writing.profiles.get(customer_id) or self.known[customer_id].profile

    def settle(self, risk: Risk, *, parts: Parts, cause: Cause, note: str | None = None) -> None:
        """Derive the customer's limit, light and terms anew, and lift the hold if its cause is paid.

        `note` is why, in the words of the person who decided; without one the limit's own rules did.
        """
        profile = self.profile(risk.customer_id)
        if profile is not None:
            risk = self._grant(risk, profile, cause, note)
        self.look(self._lift_if_paid(risk, cause), parts=parts, cause=cause)

    def look(self, risk: Risk, *, parts: Parts, cause: Cause) -> None:
        """Derive light and terms anew, under the limit as it is."""
        before = self.risks[risk.customer_id]
        outlook = self.outlook(risk, parts=parts, as_of=cause.business_date)
        self.writing.events += risk_changed(before, outlook.risk, cause=cause)
        if before.light != outlook.risk.light:
            self.writing.changes.append(_turned(before, outlook.risk, cause))
        self.risks[risk.customer_id] = outlook.risk
        self.next_dates[risk.customer_id] = outlook.next_date

    def outlook(self, risk: Risk, *, parts: Parts, as_of: date) -> Outlook:
        """Return light and terms as they are now, and keep nothing."""
        profile = self.profile(risk.customer_id)
        used = _used(profile.limit if profile else None, parts, self.rates[as_of])
        return domain.look(risk, profile, used=used, policy=self.policy, as_of=as_of)

    def hold(self, hold: Hold) -> None:
        """Keep a hold that was placed or lifted."""
        self.holds[hold.hold_id] = self.changed_holds[hold.hold_id] = hold

    async def save(self, connection: AsyncConnection) -> None:
        """Save what differs from what was loaded."""
        await save_risks(connection, [each for key, each in self.risks.items() if each != self.loaded[key]])
        await save_holds(connection, self.changed_holds.values())
        await set_timers(connection, "risk", self.next_dates)

    def _grant(self, risk: Risk, profile: Profile, cause: Cause, note: str | None) -> Risk:
        before, today = self.risks[risk.customer_id], cause.business_date
        computed = compute(domain.means_of(profile, risk), policy=self.policy.limits, rates=self.rates[today])
        risk, limit, reason = domain.regrant(before, domain.recompute(risk, computed, policy=self.policy), as_of=today)
        if limit is not None and limit != profile.limit:
            why = Why(source="rest" if note else BY_POLICY, note=note or reason, limit=reason)
            # The version stays: nobody changed what is known of the customer.
            self.writing.change(profile, replace(profile, limit=limit), cause=cause, why=why)
        return risk

    def _lift_if_paid(self, risk: Risk, cause: Cause) -> Risk:
        if risk.hold_id is None:
            return risk
        hold, today = self.holds[risk.hold_id], cause.business_date
        if not hold.is_paid(risk.oldest_due_date, debt_days=self.policy.hold_debt_days, as_of=today):
            return risk
        lifted = hold.lift("paid", on=today, by=cause.actor)
        self.hold(lifted)
        self.writing.events.append(outgoing(hold_lifted(lifted), lifted, cause))
        return replace(risk, hold_id=None)


async def open_risks(
    connection: AsyncConnection,
    known: Mapping[UUID, Known],
    *,
    policy: Policy,
    rates: Mapping[date, Rates],
    writing: Writing,
) -> RiskDesk:
    """Return the desk of locked customers; `rates` are those of the business dates on which something is derived."""
    risks = await load_risks(connection, known)
    return RiskDesk(
        policy=policy,
        rates=rates,
        known=known,
        writing=writing,
        risks=dict(risks),
        holds=await load_holds(connection, {each.hold_id for each in risks.values() if each.hold_id}),
        loaded=risks,
    )


def _turned(before: Risk, after: Risk, cause: Cause) -> RecordedChange:
    return RecordedChange(
        change_id=cause.id_of(f"change/risk/{after.customer_id}", "light"),
        subject=f"risk/{after.customer_id}",
        customer_id=after.customer_id,
        partition_no=after.partition_no,
        field="light",
        before=before.light,
        after=after.light,
        reason=", ".join(after.light_reasons) or None,
        source=BY_POLICY,
        actor=cause.actor,
        correlation_id=cause.correlation_id,
        business_date=cause.business_date,
        recorded_at=cause.recorded_at,
    )


def _used(limit: Money | None, parts: Parts, rates: Rates) -> Used | None:
    if limit is None:
        return None
    try:
        return Used(exposure(parts, currency=limit.currency, rates=rates), limit)
    except RateMissing:
        return None
