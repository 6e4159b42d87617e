"""P10: what only the database knows is shown as it is, and no longer than it is so."""

from prometheus_client import REGISTRY, Gauge
from sqlalchemy import text

from shared.database import open_engine
from shared.observe.figures import Figure, read_figures
from tests.databases import FreshDatabase

_FIGURES = (
    Figure(Gauge("test_cases", "By stage", ["stage"]), "SELECT stage, count(*) FROM work GROUP BY stage"),
    Figure(Gauge("test_all", "All"), "SELECT count(*) FROM work"),
)


async def test_a_value_that_is_gone_is_shown_no_more(fresh_database: FreshDatabase) -> None:
    """A stage that nobody is in any more has no line, rather than the number it had last."""
    engine = open_engine(await fresh_database(), connections=1, application="test")
    async with engine.begin() as connection:
        await connection.execute(
            text("CREATE TABLE work AS SELECT unnest(ARRAY['legal', 'legal', 'manager']) AS stage")
        )
    await read_figures(engine, _FIGURES)
    shown = [REGISTRY.get_sample_value("test_cases", {"stage": stage}) for stage in ("legal", "manager")]
    assert (shown, REGISTRY.get_sample_value("test_all")) == ([2, 1], 3)
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM work WHERE stage = 'manager'"))
    await read_figures(engine, _FIGURES)
    shown = [REGISTRY.get_sample_value("test_cases", {"stage": stage}) for stage in ("legal", "manager")]
    assert (shown, REGISTRY.get_sample_value("test_all")) == ([2, None], 2)
    await engine.dispose()
