"""Grades that follow scores: through REST, events and days; overrides, reviews, and answers to why (C2, C3, C15)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.tests.books import TODAY, Ledger
from services.credit.tests.days import follow, open_day, rows, work_day
from services.credit.tests.erp import Erp
from services.credit.tests.test_profiles import FACTS
from shared.contracts import collections
from shared.messaging.subscription import Received

GRADES = """
    SELECT CAST(body AS jsonb) ->> 'grade', CAST(body AS jsonb) ->> 'reason' FROM outbox
    WHERE wire = :wire ORDER BY id
"""
CHANGED, SCORED = "credit.grade-changed.v1", "credit.credit-scored.v1"


async def tell(engine: AsyncEngine, books: Ledger, on: date) -> None:
    """Let the day come, and let credit hear what has happened since it heard last, one topic after the other."""
    await open_day(engine, on)
    for batch in _by_topic(books.news()):
        await follow(engine, [batch], today=on)


def _by_topic(facts: Sequence[Received]) -> list[list[Received]]:
    batches: list[list[Received]] = []
    for fact in facts:
        if not batches or _topic(batches[-1][-1]) != _topic(fact):
            batches.append([])
        batches[-1].append(fact)
    return batches


def _topic(fact: Received) -> str:
    return fact.event.wire.partition(".")[0]


async def pay_late(engine: AsyncEngine, books: Ledger, invoice: str, *, due: date, days: int) -> date:
    """Issue an invoice, pay it so many days after it was due, and return that day."""
    paid = due + timedelta(days=days)
    books.issue(invoice, 10000, on=due - timedelta(days=5), due=due)
    books.pay(f"P-{invoice}", 10000, invoice, on=paid)
    await tell(engine, books, paid)
    return paid


async def test_a_customer_falls_from_a_to_d_and_rises_again(erp: Erp, engine: AsyncEngine) -> None:
    """C3, C2: down at once as he pays late and breaks promises; up again step by step, with days and margins."""
    customer_id = await erp.customer("K1", **FACTS)
    books = Ledger("K1")
    grades = [(await explained(erp, customer_id))["grade"]["grade"]]
    day = await pay_late(engine, books, "R1", due=TODAY, days=0)
    grades.append((await explained(erp, customer_id))["grade"]["grade"])
    for number in range(3):
        day = await pay_late(engine, books, f"L{number}", due=day, days=50)
        books.end_promise(f"P{number}")
        await tell(engine, books, day)
    books.issue("U", 10000, on=day, due=day)
    fallen = day + timedelta(days=70)
    books.end_promise("U")
    await tell(engine, books, fallen)
    grades.append((await explained(erp, customer_id))["grade"]["grade"])
    books.pay("P-U", 10000, "U", on=fallen)
    day = fallen
    while (await explained(erp, customer_id))["grade"]["grade"] != "A" and day < fallen + timedelta(days=500):
        day = await pay_late(engine, books, f"G{day}", due=day + timedelta(days=10), days=0)
    assert grades == [None, "A", "D"]
    told = [grade for grade, _ in await rows(engine, GRADES, wire=CHANGED)]
    assert (told[0], told[-1]) == ("A", "A")
    bottom = told.index("D")
    assert told[: bottom + 1] == sorted(told[: bottom + 1])
    assert told[bottom:] == sorted(told[bottom:], reverse=True)
    history = (await erp.get(f"/v1/customers/{customer_id}/history"))["items"]
    assert {each["source"] for each in history if each["field"] == "grade"} == {"scored"}


async def explained(erp: Erp, customer_id: UUID) -> Any:
    """Why the customer stands where he stands."""
    return await erp.get(f"/v1/customers/{customer_id}/explanation")


async def test_a_score_of_a_past_day_is_what_was_computed_then(erp: Erp, engine: AsyncEngine) -> None:
    """C2: whatever came later: payments, a reversal, broken promises, new facts and cleared ones."""
    customer_id = await erp.customer("K1", **FACTS)
    books = Ledger("K1")
    day = await pay_late(engine, books, "R1", due=TODAY, days=3)
    day = await pay_late(engine, books, "R2", due=day, days=20)
    books.reverse("P-R2", "R2", 10000, 0, on=day + timedelta(days=2))
    await tell(engine, books, day + timedelta(days=2))
    for number, facts in enumerate(({"judgments_count": 4}, {"financials": None}, {"size_class": "micro"})):
        day += timedelta(days=5)
        await open_day(engine, day)
        version = (await erp.get(f"/v1/customers/{customer_id}"))["version"]
        assert (await erp.patch(f"/v1/customers/{customer_id}", facts, version=version)).status_code == 200
        books.end_promise(f"P{number}", collections.PromiseBroken)
        await tell(engine, books, day)
    kept = await rows(
        engine,
        "SELECT DISTINCT ON (business_date) business_date, scorecard, points, parts FROM score "
        "ORDER BY business_date, ordinal DESC",
    )
    assert len(kept) > 4
    assert {card for _, card, _, _ in kept} == {"full", "simple"}
    for then, card, points, parts in kept:
        again = await erp.get(f"/v1/customers/{customer_id}/score", as_of=str(then))
        assert (again["scorecard"], again["points"]) == (card, points)
        assert [each["points"] for each in again["parts"]] == [each["points"] for each in parts]
    before = await erp.send("GET", f"/v1/customers/{customer_id}/score?as_of={TODAY - timedelta(days=1)}")
    assert before.status_code == 404


async def test_a_grade_given_by_hand_stands_until_a_score_knows_enough(erp: Erp, engine: AsyncEngine) -> None:
    """C3: facts alone are too little; the first payment is enough, and the same registration is no other one then."""
    body = {"customer_number": "K1", "name": "K1", "kind": "company", "country": "CN", "grade": "C"}
    customer_id = UUID((await erp.post("/v1/customers", body)).json()["customer_id"])
    told = await explained(erp, customer_id)
    assert (told["grade"]["grade"], told["grade"]["basis"], told["score"]["is_enough"]) == ("C", "by_hand", False)
    assert not await rows(engine, GRADES, wire=SCORED)
    books = Ledger("K1")
    await pay_late(engine, books, "R1", due=TODAY + timedelta(days=1), days=0)
    assert (await explained(erp, customer_id))["grade"]["grade"] == "C"
    await pay_late(engine, books, "R2", due=TODAY + timedelta(days=40), days=0)
    grade = (await explained(erp, customer_id))["grade"]
    assert (grade["grade"], grade["basis"]) == ("B", "scored")
    assert (await erp.post("/v1/customers", body)).status_code == 200
    assert (await erp.post("/v1/customers", body | {"name": "Other"})).status_code == 409


async def test_the_monthly_review_finds_what_no_event_told(erp: Erp, engine: AsyncEngine) -> None:
    """C3, P5: a debt that only grew older lowers the grade on the first day of the month, once for everybody."""
    customer_id = await erp.customer("K1", **FACTS)
    books = Ledger("K1")
    await pay_late(engine, books, "R1", due=TODAY, days=20)
    books.issue("R2", 10000, on=TODAY, due=TODAY + timedelta(days=1))
    await tell(engine, books, TODAY + timedelta(days=20))
    first = (await explained(erp, customer_id))["grade"]["grade"]
    assert await work_day(engine, date(2026, 3, 31)) == 0
    for month in (4, 5):
        await open_day(engine, date(2026, month, 1))
        assert await work_day(engine, date(2026, month, 1)) == 1
    after = (await explained(erp, customer_id))["grade"]
    assert (first, after["grade"], after["next_review_date"]) == ("B", "C", "2026-06-01")
    assert (await rows(engine, GRADES, wire=CHANGED))[-1][1] == "reviewed"


async def test_an_override_needs_two_people_and_ends_by_itself(erp: Erp, engine: AsyncEngine) -> None:
    """C3: asked by one, approved by another, stands before the score, and the first day after its last ends it."""
    customer_id = await erp.customer("K1", grade="C")
    last = TODAY + timedelta(days=9)
    ask = {"grade": "A", "end_date": str(last), "reason": "The parent guarantees."}
    asked = (await erp.post(f"/v1/customers/{customer_id}/grade-overrides", ask)).json()
    path = f"/v1/grade-overrides/{asked['override_id']}"
    assert (asked["state"], asked["asked_by"]) == ("asked", "erp")
    assert (await erp.post(f"{path}/approve")).status_code == 409
    approved = (await erp.post(f"{path}/approve", as_boss=True)).json()
    assert (approved["state"], approved["decided_by"]) == ("approved", "boss")
    assert (await erp.post(f"{path}/refuse", as_boss=True)).status_code == 409
    told = (await explained(erp, customer_id))["grade"]
    assert (told["grade"], told["basis"], told["own_grade"], told["terms_days"]) == ("A", "overridden", "C", 60)
    assert (await erp.patch(f"/v1/customers/{customer_id}", {"grade": "B"}, version=2)).status_code == 409

    await work_day(engine, last)
    assert (await erp.get(f"/v1/customers/{customer_id}"))["grade"] == "A"
    await work_day(engine, last + timedelta(days=1))
    assert (await erp.get(f"/v1/customers/{customer_id}"))["grade"] == "C"
    assert await rows(engine, GRADES, wire=CHANGED) == [("A", "overridden"), ("C", "override_ended")]
    (listed,) = (await erp.get("/v1/grade-overrides", customer_number="K1"))["items"]
    assert (listed["state"], listed["ended_date"]) == ("ended", str(last + timedelta(days=1)))


async def test_a_person_ends_an_override_before_its_last_day(erp: Erp, engine: AsyncEngine) -> None:
    """C3, C15: with a reason; the own grade counts from now, and nothing is left to end by itself."""
    customer_id = await erp.customer("K1", grade="C")
    last = TODAY + timedelta(days=20)
    ask = {"grade": "A", "end_date": str(last), "reason": "a large order"}
    override_id = (await erp.post(f"/v1/customers/{customer_id}/grade-overrides", ask)).json()["override_id"]
    path = f"/v1/grade-overrides/{override_id}"
    assert (await erp.post(f"{path}/end", {"reason": "too early"})).status_code == 409
    await erp.post(f"{path}/approve", as_boss=True)

    ended = (await erp.post(f"{path}/end", {"reason": "the order fell through"})).json()

    assert (ended["state"], ended["ended_date"], ended["end_date"]) == ("ended", str(TODAY), str(last))
    assert (ended["ended_by"], ended["end_reason"]) == ("erp", "the order fell through")
    told = (await explained(erp, customer_id))["grade"]
    assert (told["grade"], told["basis"], told["override"]) == ("C", "by_hand", None)
    (change, *_) = (await erp.get(f"/v1/customers/{customer_id}/history"))["items"]
    assert (change["field"], change["after"], change["actor"], change["reason"]) == (
        "grade",
        "C",
        "erp",
        "the order fell through",
    )
    assert await rows(engine, GRADES, wire=CHANGED) == [("A", "overridden"), ("C", "override_ended")]
    assert await rows(engine, "SELECT count(*) FROM timer WHERE kind = 'override'") == [(0,)]
    assert (await erp.post(f"{path}/end", {"reason": "again"})).status_code == 409
    assert (await erp.post(f"/v1/grade-overrides/{customer_id}/end", {"reason": "none"})).status_code == 404


async def test_a_new_override_takes_the_place_of_the_former(erp: Erp) -> None:
    """C3: there is one at a time; what was refused changes nothing."""
    customer_id = await erp.customer("K1", grade="C")
    ids = []
    for grade in ("A", "B", "D"):
        ask = {"grade": grade, "end_date": str(TODAY), "reason": "why"}
        ids.append((await erp.post(f"/v1/customers/{customer_id}/grade-overrides", ask)).json()["override_id"])
    for override_id, verb in zip(ids, ("approve", "approve", "refuse"), strict=True):
        assert (await erp.post(f"/v1/grade-overrides/{override_id}/{verb}", as_boss=True)).status_code == 200
    assert (await erp.get(f"/v1/customers/{customer_id}"))["grade"] == "B"
    states = {each["override_id"]: each["state"] for each in (await erp.get("/v1/grade-overrides"))["items"]}
    assert [states[each] for each in ids] == ["ended", "approved", "refused"]


async def test_an_explanation_names_inputs_rules_causes_and_what_would_change_it(erp: Erp, engine: AsyncEngine) -> None:
    """C15: the answer adds up, and its cause is the event that moved the score."""
    customer_id = await erp.customer("K1", **FACTS)
    books = Ledger("K1")
    books.issue("R1", 10000, due=TODAY - timedelta(days=20))
    books.pay("P1", 10000, "R1")
    cause = books.facts[-1].envelope.event_id
    await tell(engine, books, TODAY)
    told = await explained(erp, customer_id)
    score = told["score"]
    assert score["points"] == sum(each["points"] for each in score["parts"])
    assert {each["characteristic"]: each["value"] for each in score["parts"]}["delay"] == "20.00"
    assert [(each["cause_id"], each["points"]) for each in told["causes"]] == [(str(cause), score["points"])]
    assert {"characteristic": "delay", "input": "average_delay_days", "needs": "below 3", "gains": 14} in told[
        "would_change"
    ]
    (rise,) = told["grade"]["would_change"]
    assert (rise["grade"], rise["lacks"]) == ("A", 72 + 5 - score["points"])
    assert (told["policy_version"], score["scorecard"], score["scorecard_version"]) == ("default-1", "full", 1)
