"""The state that a batch of checks decides on, kept true as orders are approved one after another."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.account import Receivable
from services.credit.domain.decision import Cap, Reason, Standing
from services.credit.domain.exposure import Part, with_order
from services.credit.domain.policy import Policy
from services.credit.domain.portfolio import Buyer, Portfolio
from services.credit.domain.rates import Rates
from services.credit.domain.reservations import Reservation
from services.credit.domain.risk import Outlook
from services.credit.store.accounts import load_unmatched, save_matched
from services.credit.store.exposures import load_parts, load_portfolio
from services.credit.store.groups import Group, load_groups
from services.credit.store.profiles import Known, load_known
from services.credit.store.rates import load_dated_rates
from services.credit.store.reservations import insert_reservations
from services.credit.store.timers import bring_forward
from services.credit.usecases.risk_desk import RiskDesk, open_risks
from services.credit.usecases.writing import Writing
from shared.messaging.outgoing import Cause
from shared.money import Money

Order = tuple[UUID, str]
"""Whose order, and its number."""


@dataclass(slots=True, kw_only=True)
class Desk:
    """Customers, their groups and the portfolio, as they stand after the orders that were approved so far."""

    policy: Policy
    known: dict[UUID, Known]
    groups: dict[str, Group]
    parts: dict[UUID, dict[str, Part]]
    unmatched: dict[Order, dict[UUID, Receivable]]
    portfolio: Portfolio
    rates: dict[date, Rates]
    calendar_date: date
    risks: RiskDesk
    reserved: list[Reservation] = field(default_factory=list)
    matched: dict[UUID, Receivable] = field(default_factory=dict)

    def today(self, customer_id: UUID) -> date:
        """Return the customer's business date; before the first day has come, the date on the calendar."""
        return self.known[customer_id].today or self.calendar_date

    def outlook(self, customer_id: UUID) -> Outlook:
        """Return the customer's light and terms as they are now."""
        risk, parts = self.risks.risks[customer_id], self.parts[customer_id]
        return self.risks.outlook(risk, parts=parts, as_of=self.today(customer_id))

    def standing(self, customer_id: UUID, outlook: Outlook) -> Standing:
        """Return what stands in the way of any credit for this customer."""
        known = self.known[customer_id]
        held = outlook.risk.hold_id is not None
        if known.profile is None:
            return Standing(parked=known.parked_at is not None, red=_red(outlook), held=held)
        return Standing(
            parked=known.parked_at is not None,
            red=_red(outlook),
            held=held,
            blacklisted=known.profile.blacklist_reason is not None,
            insolvent=known.profile.insolvency_date is not None,
            cash_only=known.profile.grade == "D",
        )

    def caps(self, customer_id: UUID, order_currency: str) -> list[Cap]:
        """Return the limits that an order must fit under: the customer's own or the new customers', and the group's."""
        caps: list[Cap] = []
        profile, parts = self.known[customer_id].profile, self.parts[customer_id]
        if profile is not None and profile.limit is not None:
            caps.append(Cap("customer", profile.limit, parts))
        elif order_currency in self.policy.new_customer_limits:
            caps.append(Cap("new_customer", self.policy.new_customer_limits[order_currency], parts))
        group = self.group(customer_id)
        if group is not None and group.limit is not None:
            caps.append(Cap("group", group.limit, group.parts))
        return caps

    def group(self, customer_id: UUID) -> Group | None:
        """Return the customer's group."""
        profile = self.known[customer_id].profile
        return self.groups[profile.group] if profile is not None and profile.group is not None else None

    def buyer(self, customer_id: UUID) -> Buyer:
        """Return the customer as a part of the portfolio."""
        profile = self.known[customer_id].profile
        return Buyer(
            industry=profile.industry if profile else None,
            country=profile.country if profile else None,
            parts=self.parts[customer_id],
        )

    def invoiced(self, order: Order) -> Collection[Receivable]:
        """Return the order's invoices that came before its check."""
        return self.unmatched.get(order, {}).values()

    def reserve(self, reservation: Reservation, cause: Cause) -> None:
        """Count a reservation against the customer, the group and the portfolio; it may turn the light."""
        customer_id, held = reservation.customer_id, Money(reservation.amount_minor, reservation.currency)
        self.reserved.append(reservation)
        self.parts[customer_id] = with_order(self.parts[customer_id], held)
        if (group := self.group(customer_id)) is not None:
            group.parts = with_order(group.parts, held)
        buyer = self.buyer(customer_id)
        self.portfolio.add(industry=buyer.industry, country=buyer.country, parts=with_order({}, held))
        self.risks.look(self.risks.risks[customer_id], parts=self.parts[customer_id], cause=cause)

    def take(self, order: Order, invoices: Collection[Receivable]) -> None:
        """Count invoices as parts of an order that was checked after them."""
        for invoice in invoices:
            self.matched[invoice.invoice_id] = self.unmatched[order][invoice.invoice_id] = invoice

    async def save(self, connection: AsyncConnection) -> None:
        """Save reservations, matched invoices and the days that end them; the checks must be there already."""
        await insert_reservations(connection, self.reserved)
        await save_matched(connection, self.matched.values())
        await bring_forward(connection, "reservation", {each.customer_id: each.lapse_date for each in self.reserved})
        await self.risks.save(connection)


async def open_desk(
    connection: AsyncConnection, *, orders: Collection[Order], policy: Policy, calendar_date: date
) -> Desk:
    """Return the desk for these orders of locked customers."""
    ids = {customer_id for customer_id, _ in orders}
    known = await load_known(connection, ids)
    codes = {each.profile.group for each in known.values() if each.profile and each.profile.group}
    days = {each.today or calendar_date for each in known.values()}
    rates = await load_dated_rates(connection, days)
    return Desk(
        policy=policy,
        known=known,
        groups=await load_groups(connection, codes),
        parts=await load_parts(connection, ids),
        unmatched=await load_unmatched(connection, orders),
        portfolio=await load_portfolio(connection) if policy.watch else Portfolio(),
        rates=rates,
        calendar_date=calendar_date,
        risks=await open_risks(connection, known, policy=policy, rates=rates, writing=Writing()),
    )


def _red(outlook: Outlook) -> tuple[Reason, ...]:
    return outlook.light.reasons if outlook.light.color == "red" else ()
