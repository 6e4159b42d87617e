"""What is known of customers: registered, changed by version, kept with its history, told to others (C1, P8)."""

from sqlalchemy.ext.asyncio import AsyncEngine

from services.credit.api.customer_shown import CustomerShown
from services.credit.api.shown import ChangeShown
from services.credit.tests.days import rows
from services.credit.tests.erp import Erp

ACME = {"customer_number": "K1", "name": "ACME & Söhne", "kind": "company", "country": "DE", "industry": "trade"}


async def test_a_customer_is_registered_once(erp: Erp, engine: AsyncEngine) -> None:
    """C1, faults 3.42: the same again answers with the customer, other facts are a conflict; one event goes out."""
    first = await erp.post("/v1/customers", ACME)
    again = await erp.post("/v1/customers", ACME)
    other = await erp.post("/v1/customers", {**ACME, "name": "Another"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json() == again.json()
    assert other.json()["type"] == "/problems/conflict"
    CustomerShown.model_validate_json(first.content)
    assert await rows(engine, "SELECT wire FROM outbox ORDER BY id") == [
        ("credit.customer-registered.v1",),
        ("credit.credit-terms-changed.v1",),
    ]


async def test_names_and_tax_numbers_stay_at_home(erp: Erp, engine: AsyncEngine) -> None:
    """P3: no event carries a name or a number of the tax office."""
    customer_id = await erp.customer("K1", name="Wang Fang", tax_number="91310000MA1K35Q40X")
    shown = await erp.get(f"/v1/customers/{customer_id}")
    await erp.patch(f"/v1/customers/{customer_id}", {"name": "Li Na", "industry": "trade"}, version=shown["version"])
    bodies = "".join(body for (body,) in await rows(engine, "SELECT body FROM outbox"))
    assert "trade" in bodies
    assert not any(secret in bodies for secret in ("Wang", "Li Na", "9131"))


async def test_a_change_names_the_version_that_was_read(erp: Erp) -> None:
    """Faults 3.41: without If-Match 428, with a stale one 412, and the ETag moves with each change."""
    customer_id = await erp.customer("K1", industry="trade", tax_number="1")
    path = f"/v1/customers/{customer_id}"
    assert (await erp.patch(path, {"industry": "steel"}, version=None)).status_code == 428
    changed = await erp.patch(path, {"industry": "steel", "tax_number": None}, version=1)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (changed.json()["industry"], changed.json()["tax_number"]) == ("steel", None)
    assert (await erp.patch(path, {"industry": "trade"}, version=1)).status_code == 412
    same = await erp.patch(path, {"industry": "steel"}, version=2)
    assert same.headers["ETag"] == '"2"', "nothing changed"
    assert (await erp.patch(path, {"country": None}, version=2)).status_code == 422
    assert (await erp.patch(path, {}, version=2)).status_code == 422


async def test_every_change_is_kept_with_its_source_and_who(erp: Erp) -> None:
    """C1, L17: before and after, why, from where, by whom, on which day."""
    customer_id = await erp.customer("K1")
    await erp.put(
        f"/v1/customers/{customer_id}/limit", {"amount": "5.00", "currency": "CNY", "reason": "Paid well for a year."}
    )
    history = (await erp.get(f"/v1/customers/{customer_id}/history"))["items"]
    for each in history:
        ChangeShown.model_validate(each, strict=False)
    newest = history[0]
    assert (newest["field"], newest["before"], newest["after"]) == (
        "limit",
        None,
        {"amount": "5.00", "currency": "CNY"},
    )
    assert (newest["reason"], newest["source"], newest["actor"]) == ("Paid well for a year.", "rest", "erp")
    assert newest["business_date"] == "2026-03-02"
    assert {each["field"] for each in history[1:]} == {"name", "kind", "country", "key_customer"}


async def test_others_hear_of_limits_grades_and_facts(erp: Erp, engine: AsyncEngine) -> None:
    """Events: each difference is told by its own event, and what did not change is not."""
    customer_id = await erp.customer("K1", limit={"amount": "5.00", "currency": "CNY"})
    path = f"/v1/customers/{customer_id}"
    await erp.put(f"{path}/limit", {"amount": "7.00", "currency": "CNY"})
    await erp.put(f"{path}/limit", {"amount": "7.00", "currency": "CNY"})
    await erp.patch(path, {"grade": "C", "group": "north"}, version=2)
    told = await rows(
        engine,
        "SELECT wire, CAST(body AS jsonb) - 'facts' FROM outbox "
        "WHERE wire NOT LIKE 'credit.credit-terms%' ORDER BY id OFFSET 1",
    )
    assert told == [
        ("credit.credit-limit-changed.v1",
         {"currency": "CNY", "limit_before_minor": None, "limit_minor": 500, "reason": "by_hand"}),
        ("credit.credit-limit-changed.v1",
         {"currency": "CNY", "limit_before_minor": 500, "limit_minor": 700, "reason": "by_hand"}),
        ("credit.customer-profile-changed.v1", {"changed": ["group"]}),
        ("credit.grade-changed.v1", {"grade_before": None, "grade": "C", "reason": "by_hand"}),
        ("credit.alert-level-changed.v1", {"light_before": "green", "light": "yellow", "reasons": ["grade"]}),
    ]  # fmt: skip


async def test_a_batch_answers_for_each_item(erp: Erp) -> None:
    """Faults 3.50: one bad item does not hold up the others; sent again each item is known."""
    items = [{**ACME, "customer_number": f"K{n}"} for n in range(3)]
    await erp.post("/v1/customers", {**items[1], "name": "Another"})
    answer = await erp.post("/v1/customers/batch", {"items": items})
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [201, 409, 201]
    assert results[1]["problem"]["type"] == "/problems/conflict"
    again = await erp.post("/v1/customers/batch", {"items": items})
    assert [each["status"] for each in again.json()["results"]] == [200, 409, 200]


async def through(erp: Erp, path: str, **query: str) -> list[dict[str, object]]:
    """Every item of a listing, two at a time."""
    found: list[dict[str, object]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await erp.get(path, limit=2, **query, **cursor)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def test_a_cursor_leads_through_each_listing_once(erp: Erp) -> None:
    """P8: page by page everything comes once, in the order of the listing."""
    for n in range(5):
        await erp.customer(f"K{n}", group="north" if n % 2 else None)
        await erp.check(f"K{n}", "O-1", "5.00")
    customers = await through(erp, "/v1/customers")
    assert [each["customer_number"] for each in customers] == [f"K{n}" for n in range(5)]
    north = await through(erp, "/v1/customers", group="north")
    assert [each["customer_number"] for each in north] == ["K1", "K3"]
    checks = await through(erp, "/v1/credit-checks")
    assert [each["customer_number"] for each in checks] == [f"K{n}" for n in reversed(range(5))]
    for listing, key in (("reservations", "reservation_id"), ("exposures", "customer_id")):
        ids = [str(each[key]) for each in await through(erp, f"/v1/{listing}")]
        assert len(ids) == 5
        assert ids == sorted(set(ids))
    history = await through(erp, f"/v1/customers/{customers[1]['customer_id']}/history")
    assert sorted(str(each["field"]) for each in history) == ["country", "group", "key_customer", "kind", "name"]


async def test_nonsense_is_refused_before_anything_is_written(erp: Erp, engine: AsyncEngine) -> None:
    """Faults 3.4, 3.6, 3.8, 3.17, 3.20: each names its place and nothing is echoed."""
    refused = {
        "/country": {**ACME, "country": "XX"},
        "/name": {**ACME, "name": "two\nlines"},
        "/limit": {**ACME, "limit": {"amount": "1.005", "currency": "CNY"}},
        "/limit/amount": {**ACME, "limit": {"amount": "-1.00", "currency": "CNY"}},
        "/limit/currency": {**ACME, "limit": {"amount": "1.00", "currency": "cny"}},
        "/grade": {**ACME, "grade": "E"},
        "": {**ACME, "is_admin": True},
    }
    for pointer, body in refused.items():
        answer = await erp.post("/v1/customers", body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    order = {"customer_number": "K1", "order_number": "O-1", "amount": "0.00", "currency": "CNY"}
    assert (await erp.post("/v1/credit-checks", order)).status_code == 422
    assert await rows(engine, "SELECT count(*) FROM outbox") == [(0,)]


async def test_who_is_not_known_is_not_found(erp: Erp) -> None:
    """Faults 3.44: unknown ids answer 404, whatever is asked."""
    nobody = "/v1/customers/00000000-0000-7000-8000-000000000000"
    assert (await erp.send("GET", nobody)).status_code == 404
    assert (await erp.put(f"{nobody}/limit", {"amount": "5.00", "currency": "CNY"})).status_code == 404
    assert (await erp.send("GET", f"{nobody}/history")).status_code == 404
    assert (await erp.send("GET", "/v1/groups/none")).status_code == 404
    assert (await erp.post("/v1/reservations/00000000-0000-7000-8000-000000000000/release")).status_code == 404


async def test_a_groups_limit_keeps_its_history(erp: Erp) -> None:
    """C4: limits at group level, with who set them and what stood before."""
    for amount in ("5.00", "5.00", "6.00"):
        body = {"limit": {"amount": amount, "currency": "CNY"}, "reason": "Parent guarantees."}
        assert (await erp.put("/v1/groups/north", body)).status_code == 200
    assert (await erp.get("/v1/groups/north"))["limit"] == {"amount": "6.00", "currency": "CNY"}
    history = (await erp.get("/v1/groups/north/history"))["items"]
    assert [each["before"] for each in history] == [{"amount": "5.00", "currency": "CNY"}, None]
