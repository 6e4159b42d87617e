"""A step that waited for a person goes only where all that it presupposes still holds when he approves it (K2, K5)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.collections.domain import records
from services.collections.domain.book import Refusal
from services.collections.domain.facts import ReminderPlanned, SupplyStopRequested
from services.collections.tests.rests import CN, DUE, FIRST, after_due, dispute, pause
from services.collections.tests.test_playbook import living
from services.collections.tests.world import World

_SINCE: dict[str, Callable[[World], object]] = {
    "paused": lambda world: pause(world, world.today, world.today + timedelta(days=9)),
    "disputed": lambda world: dispute(world, "I", 100_000),
    "promised": lambda world: world.promise(100_000, world.today + timedelta(days=9), "I"),
    "answered by a part": lambda world: world.pay("I", 30_000),
}


@pytest.mark.parametrize("since", _SINCE)
def test_a_supply_stop_is_not_approved_once_its_debt_rests_or_was_answered(since: str) -> None:
    """K2, K5, facts 3.9: the manager's task was given when the demand had run out unanswered; that is no longer so."""
    world = living(38)
    world.approve("approve_formal_demand")
    world.live_until(CN.add_working_days(world.today, 7) + timedelta(days=1))
    _SINCE[since](world)

    with pytest.raises(Refusal, match="rests or was answered"):
        world.approve("approve_supply_stop")

    assert world.of(SupplyStopRequested) == []
    world.approve("approve_supply_stop", approved=False)


def test_a_lawyers_letter_does_not_reach_a_debt_whose_new_episode_had_no_demand() -> None:
    """K2: paid and bounced since, its steps begin anew; the other debt's letter only lists it."""
    world = World(FIRST)
    for name in ("I", "J"):
        world.issue(name, DUE)
    world.live_until(after_due(38))
    world.approve("approve_formal_demand")
    world.live_until(after_due(62))
    world.pay("I", 100_000)
    world.bounce("I", 100_000)

    world.approve("approve_lawyer_letter")

    letter = world.of(ReminderPlanned)[-1]
    told = {line.invoice_number: (line.step, line.episode) for line in letter.lines}
    assert (letter.step, told) == ("lawyer_letter", {"I": (None, 2), "J": ("lawyer_letter", 1)})
    assert world.state_of("I", "lawyer_letter") is None
    assert world.state_of("J", "lawyer_letter") == (records.SENT, None)
