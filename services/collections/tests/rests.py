"""What lets a debt rest in the tests of reminders: disputes and pauses, and a world whose messages have not left."""

from datetime import date, timedelta
from uuid import UUID

from services.collections.domain import disputes, pausing, records
from services.collections.tests.world import ENTITY, World
from shared.calendars import WorkCalendar

DUE = date(2026, 3, 31)
FIRST = date(2026, 3, 1)
CN = WorkCalendar.of("CN")


def after_due(days: int) -> date:
    """The day so many days past due."""
    return DUE + timedelta(days=days)


def waiting(*debts: tuple[str, int, int], days: int = 3) -> World:
    """A world on the day so many days past due, with debts (name, days of offset, minor units) and unsent messages."""
    world = World(FIRST, sends=False)
    for name, offset, minor in debts or (("I", 0, 100_000),):
        world.issue(name, after_due(offset), minor)
    world.live_until(after_due(days))
    return world


def dispute(world: World, invoice: str, minor: int) -> records.Dispute:
    """Contest an amount."""
    instalment_id = world.debt(invoice).instalment_id
    return world.do(
        lambda book, at: disputes.open_dispute(
            book, at, instalment_id=instalment_id, amount_minor=minor, reason="price"
        )
    )


def resolve(world: World, found: records.Dispute, outcome: str, credited_minor: int = 0) -> None:
    """Decide it."""
    world.do(lambda book, at: disputes.resolve(book, found, at, outcome=outcome, credited_minor=credited_minor))


def pause(world: World, start: date, end: date | None, scope: str = "customer") -> UUID:
    """Let dunning rest."""
    invoice_id = world.debt("I").invoice_id if scope == "invoice" else None
    started = world.do(
        lambda book, at: pausing.start(
            book,
            at,
            scope=scope,
            entity=ENTITY,
            invoice_id=invoice_id,
            start_date=start,
            end_date=end,
            reason="agreed",
        )
    )
    return started.pause_id
