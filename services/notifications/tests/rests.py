"""Events of collections after which dunning rests, or rests no more; all about INV-1 of one customer."""

from datetime import date, timedelta

from services.notifications.tests.facts import TODAY, Customer
from shared.contracts import collections
from shared.ids import derived_id
from shared.messaging.subscription import Received

AMOUNT = 125_000


def promise(customer: Customer, *, amount: int = AMOUNT) -> Received:
    """A promise to pay INV-1."""
    return customer.fact(
        collections.PromiseMade(
            promise_id=derived_id(customer.customer_id, "promise"),
            entity=customer.entity,
            currency="CNY",
            amount_minor=amount,
            promised_date=TODAY,
            lapses_date=TODAY,
            instalment_ids=[customer.instalment_id("INV-1")],
        )
    )


def broken(customer: Customer) -> Received:
    """The promise was broken."""
    return customer.fact(
        collections.PromiseBroken(
            promise_id=derived_id(customer.customer_id, "promise"),
            entity=customer.entity,
            currency="CNY",
            amount_minor=AMOUNT,
            paid_minor=0,
            instalment_ids=[customer.instalment_id("INV-1")],
        )
    )


def dispute(customer: Customer, *, amount: int = AMOUNT) -> Received:
    """A dispute about an amount of INV-1."""
    return customer.fact(
        collections.DisputeOpened(
            dispute_id=derived_id(customer.customer_id, "dispute"),
            entity=customer.entity,
            invoice_id=derived_id(customer.customer_id, "INV-1"),
            instalment_id=customer.instalment_id("INV-1"),
            currency="CNY",
            amount_minor=amount,
            reason="quality",
        )
    )


def resolved(customer: Customer, *, credited: int, dunning_from: date) -> Received:
    """The dispute is decided."""
    return customer.fact(
        collections.DisputeResolved(
            dispute_id=derived_id(customer.customer_id, "dispute"),
            entity=customer.entity,
            invoice_id=derived_id(customer.customer_id, "INV-1"),
            instalment_id=customer.instalment_id("INV-1"),
            currency="CNY",
            amount_minor=AMOUNT,
            outcome="partly_credited" if credited else "rejected",
            credited_minor=credited,
            dunning_from=dunning_from,
        )
    )


def pause(customer: Customer) -> Received:
    """A pause of everything of this customer, from today without an end."""
    return customer.fact(
        collections.PauseStarted(
            pause_id=derived_id(customer.customer_id, "pause"), scope="customer", start_date=TODAY, reason="goodwill"
        )
    )


def pause_ended(customer: Customer) -> Received:
    """The pause was over yesterday."""
    return customer.fact(
        collections.PauseEnded(
            pause_id=derived_id(customer.customer_id, "pause"), end_date=TODAY - timedelta(days=1), reason="agreed"
        )
    )
