"""How customers reach a creditor changes by a person who has read what stands; accounts never this way (L19)."""

import json
from typing import Any

import httpx
import pytest

from services.ledger.tests.rest import PARTITIONS, House
from shared.ids import new_id

MOVED: dict[str, Any] = {"phone": "+86 21 5550 0199", "address": "上海市浦东新区新路2号"}


async def patch(house: House, body: Any, *, version: int | None, code: str = "acme") -> httpx.Response:
    """Change an entity of the version that was read."""
    match = {} if version is None else {"If-Match": f'"{version}"'}
    headers = {"Idempotency-Key": str(new_id()), **match}
    return await house.client.patch(f"/v1/entities/{code}", json=body, headers=headers)


async def told(house: House) -> list[Any]:
    """What each partition was told of the entity, in order."""
    rows = await house.rows(
        "SELECT body, count(DISTINCT partition_no) AS partitions FROM outbox "
        "WHERE wire LIKE '%entity-recorded%' GROUP BY causation_id, body ORDER BY min(id)"
    )
    assert {row["partitions"] for row in rows} == {PARTITIONS}
    return [json.loads(row["body"]) for row in rows]


async def test_phone_and_address_change_and_all_hear_of_it(house: House) -> None:
    """L19, L17: by one person, with If-Match, audited with what stood before; the account stays as it was."""
    before = await house.get("/entities/acme")
    answer = await patch(house, MOVED, version=1)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    shown = answer.json()
    assert shown == {
        **before,
        "payee": {**before["payee"], "phone": MOVED["phone"]},
        "address": MOVED["address"],
        "version": 2,
    }
    first, second = await told(house)
    assert second == {**first, "payee": {**first["payee"], "phone": MOVED["phone"]}, "address": MOVED["address"]}
    audited = (await house.get("/audit", subject="acme"))["items"][-1]
    assert (audited["action"], audited["actor"]) == ("entity_changed", "erp")
    assert audited["details"] == {
        "phone": {"before": before["payee"]["phone"], "after": MOVED["phone"]},
        "address": {"before": before["address"], "after": MOVED["address"]},
    }


async def test_nobody_overwrites_what_he_has_not_read(house: House) -> None:
    """L19, faults 3.41: an older version or none is refused; what stands already changes nothing."""
    assert (await patch(house, MOVED, version=1)).status_code == 200
    assert (await patch(house, {"phone": "1"}, version=1)).status_code == 412
    assert (await patch(house, {"phone": "1"}, version=None)).status_code == 428
    again = await patch(house, MOVED, version=2)
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert len(await told(house)) == 2
    cleared = await patch(house, {"address": None}, version=2)
    assert (cleared.json()["address"], cleared.json()["payee"]["phone"]) == (None, MOVED["phone"])


@pytest.mark.parametrize(
    "body", [{}, {"phone": None}, {"account": "6217"}, {"payee": {"account": "6217"}}, {"name": "Other"}]
)
async def test_nothing_else_changes_this_way(house: House, body: Any) -> None:
    """L19: a bank account takes two people, and what an entity is stays."""
    assert (await patch(house, body, version=1)).status_code == 422
    assert len(await told(house)) == 1


async def test_an_entity_that_is_none_is_not_found(house: House) -> None:
    """L19: no entity comes by a change."""
    assert (await patch(house, MOVED, version=1, code="nobody")).status_code == 404
