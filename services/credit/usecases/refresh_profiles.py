"""Takes over what outside sources say of customers who are known, where it is as new as what is known (C1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.domain.policy import Policy
from services.credit.gateways.outside_sources import Finding
from services.credit.store.items import confirmed_dates
from services.credit.store.profiles import load_known
from services.credit.usecases.change_customers import Amend, ChangeCustomer, Changed, change_customers
from services.credit.usecases.request import Request
from shared.ids import customer_id_of
from shared.messaging.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many findings were new, confirmed what was known, were older than it, or named nobody who is known."""

    changed: int = 0
    confirmed: int = 0
    outdated: int = 0
    unknown: int = 0

    def __add__(self, other: "Refreshed") -> "Refreshed":
        return Refreshed(
            self.changed + other.changed,
            self.confirmed + other.confirmed,
            self.outdated + other.outdated,
            self.unknown + other.unknown,
        )


async def refresh_profiles(
    connection: AsyncConnection,
    findings: Sequence[tuple[int, Finding]],
    *,
    request: Request,
    policy: Policy,
    outbox: Outbox,
) -> Refreshed:
    """Apply numbered findings about locked customers in order; each is a change with its source and its date."""
    ids = {customer_id_of(each.customer_number) for _, each in findings}
    known, dates = await load_known(connection, ids), await confirmed_dates(connection, ids)
    commands: list[ChangeCustomer] = []
    outdated = unknown = 0
    for number, finding in findings:
        customer_id = customer_id_of(finding.customer_number)
        confirmed = dates[customer_id]
        newer = {
            name: value
            for name, value in finding.facts.items()
            if name not in confirmed or confirmed[name] <= finding.observed_date
        }
        if known[customer_id].profile is None:
            unknown += 1
        elif not newer:
            outdated += 1
        else:
            confirmed |= dict.fromkeys(newer, finding.observed_date)
            commands.append(
                ChangeCustomer(
                    customer_id=customer_id,
                    change=Amend(newer),
                    request=request.item(number),
                    source=f"source/{finding.source}",
                    observed_date=finding.observed_date,
                )
            )
    results = await change_customers(connection, commands, policy=policy, outbox=outbox)
    changed = sum(1 for each in results if isinstance(each, Changed) and each.before != each.after)
    return Refreshed(changed, len(commands) - changed, outdated, unknown)
