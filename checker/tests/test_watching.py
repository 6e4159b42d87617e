"""P11: a watch shows what it finds, says each difference once, and never takes what is away for a difference."""

from collections.abc import Sequence

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from checker.findings import Check, Finding
from checker.watching import NotAble, Scope, Watch

CHECK = Check(name="toy-check", invariant="5", sentence="Both say the same.")
AWAY = ConnectionRefusedError("the database is away")


class Rounds:
    """Finds what it is told to."""

    def __init__(self) -> None:
        self.differences: list[str] = []
        self.fault: Exception | None = None

    async def look(self) -> Sequence[Finding]:
        """Return one finding, or fail."""
        if self.fault is not None:
            raise self.fault
        return [CHECK.found(compared=7, differences=self.differences)]


def shown(name: str, **labels: str) -> float | None:
    """Return a figure."""
    return REGISTRY.get_sample_value(f"dueflow_check_{name}", labels)


async def test_what_differs_is_a_figure_and_one_line_until_it_is_gone() -> None:
    """P11: each difference is logged when it appears, and that the check holds again."""
    rounds = Rounds()
    watch = Watch({"toys": Scope(rounds.look, 60)})
    with capture_logs() as lines:
        for differences in (["a"], ["a", "b"], []):
            rounds.differences = differences
            await watch.look("toys")
            assert shown("differences", check="toy-check") == len(differences)
    assert [(each["event"], each.get("difference")) for each in lines] == [
        ("check.differs", "a"),
        ("check.differs", "b"),
        ("check.holds_again", None),
    ]
    assert shown("compared", check="toy-check") == 7


async def test_what_could_not_run_is_tried_again_soon_and_what_ran_at_its_own_pace() -> None:
    """P11: a checker that started before the ledger's API does not wait an hour for its next look."""
    rounds = Rounds()
    watch = Watch({"toys": Scope(rounds.look, 3600)})
    await watch.look("toys")
    assert 3500 < watch.due_in_seconds() <= 3600
    rounds.fault = AWAY
    await watch.look("toys")
    assert 50 < watch.due_in_seconds() <= 60


async def test_a_round_that_cannot_run_is_no_difference() -> None:
    """P11: what was found stays, its age tells, and the process is not ready until it can look again."""
    rounds = Rounds()
    watch = Watch({"toys": Scope(rounds.look, 60)})
    with pytest.raises(NotAble):
        await watch.ready()
    await watch.look("toys")
    await watch.ready()
    ended = shown("ended_timestamp_seconds", scope="toys")
    rounds.fault = AWAY
    await watch.look("toys")
    assert (shown("able", scope="toys"), shown("differences", check="toy-check")) == (0, 0)
    assert shown("ended_timestamp_seconds", scope="toys") == ended
    with pytest.raises(NotAble, match="toys"):
        await watch.ready()
    rounds.fault = None
    await watch.look("toys")
    await watch.ready()
    assert shown("able", scope="toys") == 1
