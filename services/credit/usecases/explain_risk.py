"""Answers why a customer has this limit, light and terms, and why orders were refused: inputs, rules, cures (C15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain import risk as domain
from services.credit.domain.light import Color, Threshold
from services.credit.domain.limits import Computed, compute
from services.credit.domain.policy import Policy
from services.credit.domain.profile import Profile
from services.credit.domain.risk import Outlook, Risk
from services.credit.store.changes import list_derived
from services.credit.store.checks import list_denied
from services.credit.store.exposures import load_parts
from services.credit.store.holds import list_holds
from services.credit.store.profiles import load_known
from services.credit.store.rates import load_dated_rates
from services.credit.usecases.check_answer import money
from services.credit.usecases.risk_desk import open_risks
from services.credit.usecases.writing import Writing
from shared.money import Money

_LAST = 5

_REMEDIES: Mapping[str, str] = {
    "grade": "A better grade: see what the grade asks for.",
    "debt_age": "Payment of the old debts, or a dispute that is found right.",
    "promises_broken": "Time: a broken promise counts for {promise_days} days.",
    "exposure": "Payment, a release of reservations, or a higher limit.",
    "insolvency": "A withdrawal of the insolvency.",
    "blacklisted": "A decision to delist.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskExplained:
    """What there is to say on a day."""

    profile: Profile
    policy: Policy
    as_of: date
    outlook: Outlook
    computed: Computed
    holds: Sequence[Row[Any]]
    denied: Sequence[dict[str, Any]]
    changes: Sequence[Row[Any]]


async def explain_risk(connection: AsyncConnection, profile: Profile, *, policy: Policy, as_of: date) -> RiskExplained:
    """Return why limit, light and terms are what they are today; reads only."""
    customer_id = profile.customer_id
    known = await load_known(connection, [customer_id])
    rates = await load_dated_rates(connection, [as_of])
    desk = await open_risks(connection, known, policy=policy, rates=rates, writing=Writing())
    parts = (await load_parts(connection, [customer_id]))[customer_id]
    risk = desk.risks[customer_id]
    return RiskExplained(
        profile=profile,
        policy=policy,
        as_of=as_of,
        outlook=desk.outlook(risk, parts=parts, as_of=as_of),
        computed=compute(domain.means_of(profile, risk), policy=policy.limits, rates=rates[as_of]),
        holds=await list_holds(connection, customer_id=customer_id, is_open=None, after=None, rows=_LAST),
        denied=await list_denied(connection, customer_id, rows=_LAST),
        changes=await list_derived(connection, customer_id, rows=2 * _LAST),
    )


def limit_document(told: RiskExplained) -> dict[str, Any]:
    """Return the limit as JSON: whose, by which inputs and numbers, and what would move it."""
    risk, newcomers, limits = told.outlook.risk, told.policy.newcomers, told.policy.limits
    means = domain.means_of(told.profile, risk)
    amounts = ("registered_capital", "annual_sales", "secured", "insured_amount")
    end = risk.growth.quarter_end(newcomers)
    return {
        "limit": _money(told.profile.limit),
        "source": risk.limit_source,
        "given": _money(risk.given),
        "temporary": _money(risk.temporary.limit if risk.temporary else None),
        "temporary_until": _date(risk.temporary.until_date if risk.temporary else None),
        "computed": _money(told.computed.limit),
        "share_pct": risk.growth.share_pct(newcomers),
        "good_quarters": risk.growth.steps,
        "next_quarter_date": _date(end),
        "inputs": {
            **{name: _money(getattr(means, name)) for name in amounts},
            "industry_standing": means.industry_standing,
            "grade": means.grade,
        },
        "missing": list(told.computed.missing),
        "rule": {
            "capital_pct": str(limits.capital_pct),
            "sales_pct": str(limits.sales_pct),
            "grade_factor": str(limits.grade_factors[means.grade] if means.grade else limits.ungraded_factor),
            "standing_factor": str(
                limits.standing_factors[means.industry_standing]
                if means.industry_standing
                else limits.unknown_standing_factor
            ),
            "maximum": [money(each) for each in limits.maximum.values()],
        },
        "would_change": list(_limit_remedies(told, risk, end)),
    }


def light_document(told: RiskExplained) -> dict[str, Any]:
    """Return light and terms as JSON: inputs, thresholds, reasons, and what would lift it."""
    light, terms, risk = told.outlook.light, told.outlook.terms, told.outlook.risk
    rules = told.policy.light
    is_newcomer = domain.newcomer(risk, policy=told.policy, as_of=told.as_of)
    return {
        "light": light.color,
        "reasons": [{"code": each.code, "text": each.text} for each in light.reasons],
        "next_date": _date(light.next_date),
        "inputs": {
            "grade": told.profile.grade,
            "oldest_due_date": _date(risk.oldest_due_date),
            "promises_broken": [each.isoformat() for each in risk.promises_broken],
            "is_newcomer": is_newcomer,
            "first_invoice_date": _date(risk.first_invoice_date),
            "paid_invoices": risk.paid_invoices,
        },
        "rules": [_rule("yellow", rules.yellow), _rule("red", rules.red)],
        "promise_days": rules.promise_days,
        "terms_days": terms.days,
        "terms_reasons": list(terms.reasons),
        "would_change": [_REMEDIES[each.code].format(promise_days=rules.promise_days) for each in light.reasons],
    }


def denied_document(told: RiskExplained) -> list[dict[str, Any]]:
    """Return the last orders that were refused or prepaid, each with its own reasons and the rules of its time."""
    names = (
        "check_id",
        "order_number",
        "decision",
        "prepayment",
        "reasons",
        "light",
        "policy_version",
        "business_date",
    )
    return [{name: each.get(name) for name in names} for each in told.denied]


def _limit_remedies(told: RiskExplained, risk: Risk, quarter_end: date | None) -> list[str]:
    found: list[str] = []
    if risk.given is not None:
        found.append("Another limit by hand, or its release to the computed one.")
    if told.computed.missing:
        found.append(f"Knowing {', '.join(told.computed.missing)}.")
    if risk.given is None and quarter_end is not None:
        step = told.policy.newcomers
        found.append(
            f"Something paid and nothing more than {step.delay_days} days late until {quarter_end}: "
            f"{step.step_pct} points more."
        )
    return found


def _rule(light: Color, threshold: Threshold) -> dict[str, Any]:
    return {
        "light": light,
        "grades": sorted(threshold.grades),
        "debt_days": threshold.debt_days,
        "promises_broken": threshold.promises_broken,
        "exposure_pct": None if threshold.exposure_pct is None else str(threshold.exposure_pct),
    }


def _money(amount: Money | None) -> dict[str, str] | None:
    return money(amount) if amount is not None else None


def _date(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
