"""Whatever happens to debts in whatever order, no live intent speaks of settled debts only."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from services.collections.domain.book import Refusal
from services.collections.tests.rests import DUE, FIRST, after_due, dispute, pause, resolve
from services.collections.tests.world import ENTITY, World

ACTIONS = st.lists(
    st.tuples(
        st.integers(1, 9),
        st.sampled_from(["pay", "part", "bounce", "promise", "dispute", "reject", "pause", "send", "credit"]),
        st.integers(0, 2),
    ),
    max_size=12,
)


@settings(max_examples=50)
@given(actions=ACTIONS)
def test_no_live_intent_speaks_of_a_settled_debt(actions: list[tuple[int, str, int]]) -> None:
    """K5, K1: a payment at any moment, whatever else happens, leaves no live intent on settled debts only."""
    world = World(FIRST, sends=False)
    for number in range(3):
        world.issue(f"I-{number}", after_due(6 * number))
    world.live_until(DUE)
    for passing, action, number in actions:
        world.live_until(world.today + timedelta(days=passing))
        act(world, action, f"I-{number}")
        for reminder in world.waiting:
            debts = [world.book.receivables[line.instalment_id] for line in reminder.lines]
            assert any(debt.open_minor > 0 for debt in debts)
        assert (world.book.open_case(ENTITY) is not None) == bool(world.book.overdue(ENTITY, world.today))
        assert len([each for each in world.waiting if not each.is_before_due]) <= 1


def act(world: World, action: str, invoice: str) -> None:
    """Let something happen, where it is possible."""
    minor = world.debt(invoice).open_minor
    soon = world.today + timedelta(days=4)
    possible: dict[str, tuple[bool, Callable[[], object]]] = {
        "pay": (minor > 0, partial(world.pay, invoice, minor, payment=invoice)),
        "part": (minor > 30_000, partial(world.pay, invoice, 30_000, payment=f"part {invoice}")),
        "credit": (minor > 20_000, partial(world.credit, invoice, 20_000)),
        "bounce": (minor == 0, partial(world.bounce, invoice, 50_000, payment=invoice)),
        "promise": (minor > 0, partial(world.promise, minor, soon, invoice)),
        "dispute": (minor > 0, partial(dispute, world, invoice, minor)),
        "reject": (True, partial(reject_all, world)),
        "pause": (True, partial(pause, world, world.today, soon)),
        "send": (True, partial(send_all, world)),
    }
    can, happen = possible[action]
    with suppress(Refusal):
        if can:
            happen()


def send_all(world: World) -> None:
    """Let every message leave."""
    for reminder in world.waiting:
        world.send(reminder)


def reject_all(world: World) -> None:
    """Decide every dispute against the debtor."""
    for found in [each for each in world.book.disputes.values() if each.outcome is None]:
        resolve(world, found, "rejected")
