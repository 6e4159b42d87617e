"""What people and systems may ask of collections over HTTP, and what they are told where it cannot be."""

from datetime import date
from typing import Any

import pytest

from services.collections.tests.desk import Desk
from services.collections.tests.house import House
from services.collections.tests.story import ENTITY, Story
from services.collections.tests.test_story import begin, live_until
from services.collections.usecases.know_policies import house_document
from shared.ids import new_id

DUE = date(2026, 3, 31)
PROMISE = {
    "entity": ENTITY,
    "customer_number": "C-1",
    "currency": "CNY",
    "amount": "1000.00",
    "promised_date": "2026-04-15",
}
DISPUTE = {"entity": ENTITY, "customer_number": "C-1", "invoice_number": "I-1", "amount": "400.00", "reason": "quality"}
PAUSE = {
    "scope": "invoice",
    "entity": ENTITY,
    "customer_number": "C-1",
    "invoice_number": "I-1",
    "start_date": "2026-04-01",
    "end_date": "2026-04-20",
    "reason": "agreed",
}


@pytest.fixture
async def story(house: House) -> Story:
    """A debt of 1,000.00 that is a week past due, and was reminded of."""
    told = await begin(house, ("I-1", DUE, 100_000))
    await live_until(house, told, date(2026, 4, 7))
    return told


async def test_a_promise_is_made_once_shown_and_withdrawn(story: Story, desk: Desk) -> None:
    """K8: by REST; the same intent twice is one promise."""
    key = new_id().hex
    first, again = [(await desk.post("/v1/promises", PROMISE, key=key)) for _ in range(2)]
    assert first.status_code == 201
    assert first.content == again.content
    promise_id = first.json()["promise_id"]
    shown = await desk.get(f"/v1/promises/{promise_id}")
    assert (shown["state"], shown["amount"], shown["paid"]) == ("open", "1000.00", "0.00")
    assert await desk.refused("/v1/promises", PROMISE) == "There is an open promise for this debt already."
    await desk.done(f"/v1/promises/{promise_id}/withdrawal", {"reason": "by_mistake"})
    assert (await desk.get("/v1/promises", customer_number="C-1", state="withdrawn"))["items"][0][
        "reason"
    ] == "by_mistake"


async def test_a_second_promise_waits_for_the_manager(story: Story, desk: Desk) -> None:
    """K8: the second for the same debt needs a manager."""
    first = await desk.done("/v1/promises", PROMISE)
    await desk.done(f"/v1/promises/{first['promise_id']}/withdrawal", {"reason": "by_mistake"})
    second = await desk.done("/v1/promises", PROMISE)
    assert second["state"] == "proposed"
    task = await desk.task("approve_promise")
    assert (task["role"], task["subject_id"]) == ("collections_manager", second["promise_id"])
    assert await desk.refused(f"/v1/tasks/{task['task_id']}/completion", {"outcome": "done"})
    await desk.done(f"/v1/tasks/{task['task_id']}/decision", {"decision": "approve", "reason": "last time"})
    assert (await desk.get(f"/v1/promises/{second['promise_id']}"))["state"] == "open"


async def test_a_dispute_is_opened_and_decided(story: Story, desk: Desk, house: House) -> None:
    """K10: by REST; its events carry the amounts in minor units."""
    opened = await desk.done("/v1/disputes", DISPUTE)
    assert await desk.refused("/v1/disputes", DISPUTE | {"amount": "600.01"})
    resolution = {"outcome": "partly_credited", "credited": "100.00"}
    await desk.done(f"/v1/disputes/{opened['dispute_id']}/resolution", resolution)
    assert await desk.refused(f"/v1/disputes/{opened['dispute_id']}/resolution", resolution)
    (_, resolved) = (await house.outbox("dispute-resolved"))[0]
    assert (resolved["amount_minor"], resolved["credited_minor"]) == (40_000, 10_000)
    (shown,) = (await desk.get("/v1/disputes", state="resolved"))["items"]
    assert (shown["amount"], shown["credited"], shown["outcome"]) == ("400.00", "100.00", "partly_credited")


async def test_a_pause_is_started_and_ended(story: Story, desk: Desk) -> None:
    """K22: by REST, also back-dated."""
    pause = await desk.done("/v1/pauses", PAUSE)
    await desk.done(f"/v1/pauses/{pause['pause_id']}/end", {"end_date": "2026-04-03", "reason": "paid_in_part"})
    (shown,) = (await desk.get("/v1/pauses", customer_number="C-1"))["items"]
    assert (shown["end_date"], shown["ended"]) == ("2026-04-03", True)
    assert await desk.refused(f"/v1/pauses/{pause['pause_id']}/end", {"end_date": "2026-04-03", "reason": "again"})


async def test_a_case_is_shown_classified_and_has_a_history(story: Story, desk: Desk) -> None:
    """K1, K2: stage, anchor, rule, policy version, effective and recorded dates are public."""
    (case,) = (await desk.get("/v1/cases", customer_number="C-1", state="open", stage="salesperson"))["items"]
    assert (case["days_past_due"], case["overdue"], case["anchor_invoice_number"]) == (7, {"CNY": "1000.00"}, "I-1")
    await desk.done(f"/v1/cases/{case['case_id']}/class", {"class": "unwilling", "reason": "said so"})
    assert (await desk.get(f"/v1/cases/{case['case_id']}"))["debtor_class"] == "unwilling"
    assert await desk.refused(f"/v1/cases/{case['case_id']}/floor-removal", {"reason": "none is there"})
    history = (await desk.get(f"/v1/cases/{case['case_id']}/history"))["items"]
    opened = history[0]
    assert (opened["kind"], opened["effective_date"], opened["recorded_date"]) == (
        "CaseOpened",
        "2026-04-01",
        "2026-04-01",
    )
    reason = opened["detail"]["reason"]
    assert reason["anchor_instalment_id"] == str(story.instalment_id("I-1"))
    assert (reason["rule"], reason["policy_version"].split("@")[0]) == ("days", "default")
    assert [each["actor"] for each in history if each["kind"] == "DebtorClassified"] == ["desk"]


async def test_a_formal_demand_is_approved_by_a_person(story: Story, desk: Desk, house: House) -> None:
    """K3: approve, then the reminder is planned; nothing formal goes by itself."""
    await live_until(house, story, date(2026, 5, 8))
    task = await desk.task("approve_formal_demand")
    await desk.done(f"/v1/tasks/{task['task_id']}/decision", {"decision": "approve", "reason": "file is complete"})
    (reminder,) = (await desk.get("/v1/reminders", state="planned"))["items"]
    assert (reminder["step"], reminder["formal"], reminder["lines"][0]["collectible"]) == (
        "formal_demand",
        True,
        "1000.00",
    )
    assert await desk.refused(f"/v1/tasks/{task['task_id']}/decision", {"decision": "refuse", "reason": "too late"})


async def test_steps_are_counted_and_listed(story: Story, desk: Desk) -> None:
    """K3: each step and how often it happened; the salesperson's list of what falls due."""
    counted = (await desk.get("/v1/step-counts", first="2026-03-01", last="2026-04-30"))["items"]
    assert {(each["step"], each["state"]): each["number"] for each in counted} == {
        ("due_list", "done"): 1,
        ("pre_due", "sent"): 1,
        ("reminder", "sent"): 1,
        ("first_call", "assigned"): 1,
    }
    (listed,) = (await desk.get("/v1/steps", step="due_list", decided_date="2026-03-24"))["items"]
    assert (listed["invoice_number"], listed["open"], listed["customer_number"]) == ("I-1", "1000.00", None)


async def test_policies_are_loaded_from_a_day_on(story: Story, desk: Desk) -> None:
    """K3: playbooks and stages by REST, per segment, from a given day on; the version is the content's."""
    document = house_document("stages").replace("days_from: 31", "days_from: 11")
    body = {"name": "strict", "effective_from": "2026-04-11", "segment": {"grades": ["C"]}, "document": document}
    loaded = await desk.done("/v1/stage-policies", body)
    assert loaded["version"].startswith("default@")
    assert await desk.refused("/v1/stage-policies", body)
    assert await desk.refused("/v1/stage-policies", body | {"name": "late", "effective_from": "2026-04-07"})
    listed = await desk.get("/v1/stage-policies")
    assert [each["version"] for each in listed["items"]] == [loaded["version"]]
    assert listed["house_version"] != loaded["version"]


async def test_a_segment_follows_its_own_stages_from_its_day(story: Story, desk: Desk, house: House) -> None:
    """K2, K3: grade C stands in the manager's stage from day 11, others do not."""
    document = house_document("stages").replace("days_from: 31", "days_from: 11")
    body = {"name": "strict", "effective_from": "2026-04-09", "segment": {"grades": ["C"]}, "document": document}
    await desk.done("/v1/stage-policies", body)
    await house.hear(story.registered("C"), today=story.today)
    await live_until(house, story, date(2026, 4, 10))
    assert (await desk.get("/v1/cases"))["items"][0]["stage"] == "salesperson"
    await live_until(house, story, date(2026, 4, 11))
    assert (await desk.get("/v1/cases"))["items"][0]["stage"] == "manager"


NO_PLAYBOOKS = (
    "steps: [",
    "name: x\nsteps: []",
    "name: x\nsteps: [{code: a, at: {days: 1}}]",
    "name: x\nsteps: [{code: a, at: {days: 1, working_days: 1}, list: r}]",
    "name: x\nsteps: [{code: a, after: {step: b}, list: r}]",
    "name: x\nname: y\nsteps: [{code: a, at: {days: 1}, list: r}]",
    "name: &x a\nsteps: [{code: *x, at: {days: 1}, list: r}]",
)


async def test_a_document_that_is_no_playbook_is_refused(desk: Desk) -> None:
    """K3: validated; the answer says where, and repeats nothing."""
    for document in NO_PLAYBOOKS:
        body = {"name": "bad", "effective_from": "2027-01-01", "document": document}
        response = await desk.post("/v1/playbooks", body)
        assert response.status_code == 422, document
        assert response.json()["errors"][0]["pointer"].startswith("/document")


NOT_THERE = new_id()
BAD: list[tuple[str, dict[str, Any], int]] = [
    ("/v1/promises", PROMISE | {"amount": "0.00"}, 422),
    ("/v1/promises", PROMISE | {"amount": "1.001"}, 422),
    ("/v1/promises", PROMISE | {"amount": 1000.0}, 422),
    ("/v1/promises", PROMISE | {"state": "kept"}, 422),
    ("/v1/promises", PROMISE | {"invoice_numbers": ["NONE"]}, 409),
    ("/v1/promises", PROMISE | {"promised_date": "2026-05-15"}, 409),
    ("/v1/disputes", DISPUTE | {"invoice_number": "NONE"}, 409),
    ("/v1/disputes", DISPUTE | {"reason": "Not a code"}, 422),
    ("/v1/disputes", DISPUTE | {"amount": "400.001"}, 409),
    ("/v1/pauses", PAUSE | {"end_date": "2026-03-01"}, 422),
    ("/v1/pauses", {key: value for key, value in PAUSE.items() if key != "invoice_number"}, 422),
    ("/v1/pauses", PAUSE | {"scope": "case", "invoice_number": None, "entity": "other"}, 409),
    (f"/v1/tasks/{NOT_THERE}/completion", {"outcome": "done"}, 404),
    (f"/v1/promises/{NOT_THERE}/withdrawal", {"reason": "r"}, 404),
    (f"/v1/disputes/{NOT_THERE}/resolution", {"outcome": "rejected"}, 404),
    (f"/v1/pauses/{NOT_THERE}/end", {"end_date": "2026-04-01", "reason": "r"}, 404),
    (f"/v1/cases/{NOT_THERE}/class", {"class": "unwilling", "reason": "r"}, 404),
]


async def test_bad_requests_have_named_answers_and_write_nothing(story: Story, desk: Desk, house: House) -> None:
    """Faults 3.3-3.6, 3.20, 3.44: refused, and nothing is written."""
    before = await house.rows("SELECT count(*) FROM outbox")
    for path, body, status in BAD:
        response = await desk.post(path, body)
        assert response.status_code == status, (path, body, response.text)
    assert await house.rows("SELECT count(*) FROM outbox") == before
