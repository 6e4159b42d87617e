"""Holds that people lift, and those that end with the debt (C6)."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.books import Ledger
from services.credit.tests.erp import Erp
from services.credit.tests.risk_story import LIMIT, after, hear, live, told

pytestmark = pytest.mark.usefixtures("without_scores")


async def test_a_hold_is_lifted_for_security_once_and_by_two_people(erp: Erp, engine: AsyncEngine) -> None:
    """C6: a decision names its reason and who approved it; a second request while one is open adds nothing."""
    await erp.customer("K1", limit=LIMIT)
    books = Ledger("K1")
    books.issue("R1", 50_000, due=after(-40))
    books.stop_supply()
    await hear(engine, books)
    books.stop_supply()
    await hear(engine, books)
    (hold,) = (await erp.get("/v1/holds", open="true"))["items"]
    path = f"/v1/holds/{hold['hold_id']}/lifting"
    body = {"reason": "secured", "approver": "wang.li", "note": "Mortgage on two presses."}
    assert (await erp.post(path, {**body, "approver": "erp"})).status_code == 409
    lifted = await erp.post(path, body)
    assert (lifted.status_code, lifted.json()["lift_reason"], lifted.json()["approver"]) == (200, "secured", "wang.li")
    assert (await erp.post(path, body)).status_code == 409
    assert len(await told(engine, "credit-hold-placed")) == 1
    assert await told(engine, "credit-hold-lifted") == [{"hold_id": hold["hold_id"], "reason": "secured"}]


async def test_a_hold_for_what_was_paid_meanwhile_ends_with_the_next_day(erp: Erp, engine: AsyncEngine) -> None:
    """C6: the request may come after the money; the next marker sees that nothing old is left."""
    await erp.customer("K1", limit=LIMIT)
    books = Ledger("K1")
    books.stop_supply()
    await hear(engine, books)
    await erp.check("K1", "O-1", "10.00")
    assert len((await erp.get("/v1/holds", open="true"))["items"]) == 1
    await live(engine, 1)
    assert (await erp.get("/v1/holds", open="true"))["items"] == []
