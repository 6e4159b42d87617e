"""The accounts to which customers pay: no one person alone decides on them, and nothing of them is forgotten (L19)."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from deploy.local.api_keys import new_key
from services.ledger.domain.bank_account import BankAccount, account_on, approve, check_number, refuse
from services.ledger.domain.refusals import Conflict, FourEyes, Invalid
from services.ledger.tests.rest import ENTITY, PARTITIONS, House
from shared.ids import derived_id, new_id

DAY = date(2026, 1, 1)
AT = datetime(2026, 1, 1, tzinfo=UTC)
NEW = {
    "currency": "CNY",
    "holder": "Acme 有限公司",
    "bank": "Bank of China",
    "number": "6217 0001",
    "bic": "BKCHCNBJ300",
    "valid_from": "2026-01-01",
}


def account(number: int, *, currency: str = "CNY", valid_from: date = DAY) -> BankAccount:
    """A proposal."""
    return BankAccount(
        account_id=derived_id(UUID(int=9), "account", number),
        entity="acme",
        currency=currency,
        holder="Acme",
        bank="Bank",
        number=str(number),
        bic=None,
        valid_from=valid_from,
        state="proposed",
        proposed_by="wang",
        proposed_at=AT + timedelta(minutes=number),
    )


@given(
    decisions=st.lists(
        st.tuples(st.sampled_from(["CNY", "USD"]), st.integers(-5, 5), st.integers(0, 3), st.booleans()), max_size=8
    ),
    ahead=st.integers(0, 12),
)
def test_on_each_day_one_account_takes_a_currency(decisions: list[tuple[str, int, int, bool]], ahead: int) -> None:
    """L19: the approved one that took over last; none that was refused, or whose date has not come."""
    known: list[BankAccount] = []
    today, expected = DAY, {}
    for number, (currency, offset, later, approves) in enumerate(decisions):
        today += timedelta(days=later)
        proposed = account(number, currency=currency, valid_from=today + timedelta(days=offset))
        at = AT + timedelta(days=number)
        if not approves:
            known.append(refuse(proposed, by="li", at=at))
            continue
        decided = approve(proposed, by="li", at=at, day=today)
        assert decided.valid_from >= today, "never before its approval"
        known.append(decided)
    day = today + timedelta(days=ahead)
    for currency in ("CNY", "USD"):
        valid = [each for each in known if (each.state, each.currency) == ("approved", currency)]
        begun = [each for each in valid if each.valid_from <= day]
        expected[currency] = max(begun, key=lambda each: (each.valid_from, each.decided_at or AT), default=None)
    assert {each: account_on(known, currency=each, day=day) for each in ("CNY", "USD")} == expected


def test_two_persons_decide_once() -> None:
    """L19, faults 4.11: the proposer may only take it back."""
    with pytest.raises(FourEyes):
        approve(account(1), by="wang", at=AT, day=DAY)
    assert refuse(account(1), by="wang", at=AT).state == "refused"
    for decided in (approve(account(1), by="li", at=AT, day=DAY), refuse(account(1), by="li", at=AT)):
        with pytest.raises(Conflict):
            approve(decided, by="zhao", at=AT, day=DAY)
        with pytest.raises(Conflict):
            refuse(decided, by="zhao", at=AT)


@given(place=st.integers(4, 21), digit=st.integers(1, 9))
def test_a_slip_of_the_pen_in_an_iban_is_found(place: int, digit: int) -> None:
    """L19: one wrong digit, wherever it is; numbers that are no IBAN have no such digits."""
    good = "DE89370400440532013000"
    check_number(good, pointer="/number")
    check_number("DE89 3704 0044 0532 0130 00", pointer="/number")
    check_number("6222 0000 0000 0000 123", pointer="/number")
    slipped = good[:place] + str((int(good[place]) + digit) % 10) + good[place + 1 :]
    with pytest.raises(Invalid):
        check_number(slipped, pointer="/number")


@dataclass
class Finance:
    """A ledger with two persons who may do everything."""

    house: House
    keys: dict[str, str]

    async def post(self, who: str, path: str, body: Any = None) -> httpx.Response:
        """Let one of them post something about the entity's accounts."""
        headers = {"Idempotency-Key": str(new_id()), "Authorization": f"Bearer {self.keys[who]}"}
        content = {} if body is None else {"json": body}
        return await self.house.client.post(f"/v1/entities/acme/accounts{path}", headers=headers, **content)

    async def propose(self, who: str, **other: Any) -> str:
        """Propose an account, and return its id."""
        answer = await self.post(who, "", {**NEW, **other})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["account_id"])

    async def told(self) -> list[dict[str, Any]]:
        """What the partitions were told of the entity: one body each time, the same in all."""
        rows = await self.house.rows(
            "SELECT body, count(DISTINCT partition_no) AS partitions, min(id) AS first FROM outbox "
            "WHERE wire LIKE '%entity-recorded%' GROUP BY causation_id, body ORDER BY first"
        )
        assert {row["partitions"] for row in rows} == {PARTITIONS}
        return [json.loads(row["body"]) for row in rows]


@pytest.fixture
async def finance(house: House, tmp_path: Path) -> Finance:
    """Wang and Li of the finance department."""
    return Finance(house, {who: new_key(tmp_path / "keys.json", who) for who in ("wang", "li")})


async def test_no_message_hears_of_an_account_before_a_second_person_approves_it(finance: Finance) -> None:
    """L19: proposed, refused to the proposer, approved by another, told to every partition; all of it audited."""
    [before] = await finance.told()
    assert (before["payee"]["account"], [each["number"] for each in before["accounts"]]) == ("6222", ["6222"])
    account_id = await finance.propose("wang")
    refused = await finance.post("wang", f"/{account_id}/approval")
    assert (refused.status_code, refused.json()["detail"]) == (403, "Who proposed an account does not approve it.")
    assert await finance.told() == [before]
    approved = await finance.post("li", f"/{account_id}/approval")
    assert (approved.status_code, approved.json()["decided_by"]) == (200, "li")
    _, after = await finance.told()
    assert after["payee"] == {**before["payee"], "name": NEW["holder"], "account": "6217 0001", "bank": NEW["bank"]}
    assert [(each["number"], each["bic"]) for each in after["accounts"]] == [("6222", None), ("6217 0001", NEW["bic"])]
    history = (await finance.house.get("/entities/acme/accounts"))["items"]
    assert [(each["number"], each["proposed_by"], each["decided_by"]) for each in history] == [
        ("6222", "erp", None),
        ("6217 0001", "wang", "li"),
    ]
    audit = (await finance.house.get("/audit", subject="acme"))["items"]
    assert [(each["action"], each["actor"]) for each in audit[1:]] == [
        ("account_proposed", "wang"),
        ("account_approved", "li"),
    ]
    assert audit[2]["details"]["proposed_by"] == "wang"


async def test_an_account_holds_from_its_date_and_for_its_currency(finance: Finance) -> None:
    """L19: one of another currency, and one from next week, take the place of none today."""
    for other in ({"currency": "USD", "number": "1"}, {"valid_from": "2026-01-08", "number": "2"}):
        account_id = await finance.propose("wang", **other)
        assert (await finance.post("li", f"/{account_id}/approval")).status_code == 200
    *_, last = await finance.told()
    assert last["payee"]["account"] == "6222"
    assert [(each["currency"], each["valid_from"]) for each in last["accounts"]] == [
        ("CNY", "2026-01-01"),
        ("USD", "2026-01-01"),
        ("CNY", "2026-01-08"),
    ]


async def test_what_is_decided_stays_decided(finance: Finance) -> None:
    """L19: by REST, by two at once, and by whoever writes to the table; what is refused nobody hears of."""
    account_id = await finance.propose("wang")
    answers = await asyncio.gather(*(finance.post(who, f"/{account_id}/refusal") for who in ("wang", "li")))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert (await finance.post("li", f"/{account_id}/approval")).status_code == 409
    assert len(await finance.told()) == 1
    for change in ("UPDATE bank_account SET number = '1'", "DELETE FROM bank_account"):
        with pytest.raises(IntegrityError, match="append-only"):
            async with finance.house.context.engine.begin() as connection:
                await connection.execute(text(change))


async def test_what_cannot_be_an_account_is_refused_with_the_place(finance: Finance) -> None:
    """L19, faults 3: nothing is written."""
    for pointer, wrong in (
        ("/number", {"number": "DE89370400440532013001"}),
        ("/bic", {"bic": "ICBK"}),
        ("/currency", {"currency": "XXQ"}),
        ("/holder", {"holder": "a\nb"}),
    ):
        answer = await finance.post("wang", "", {**NEW, **wrong})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await finance.post("li", f"/{new_id()}/approval")).status_code == 404
    assert (await finance.house.post("/entities/nobody/accounts", NEW)).status_code == 404
    assert len((await finance.house.get("/entities/acme/accounts"))["items"]) == 1


async def test_an_entity_says_what_its_messages_need(house: House) -> None:
    """L19: recorded once, told to all, and the same again is answered as it stands."""
    facts = {
        "tax_number": "91310000MA1K00000X",
        "address": "上海市浦东新区示例路1号",
        "sender_email": "ar@acme.test",
        "sms_signature": "清河工业品",
    }
    payee = {**ENTITY["payee"], "bic": "ICBKCNBJSHI"}  # type: ignore[dict-item]
    body = {**ENTITY, "code": "second", "payee": payee, **facts}
    shown = await house.done("/entities", body)
    assert {name: shown[name] for name in facts} == facts
    assert await house.done("/entities", body) == shown
    assert (await house.post("/entities", {**body, "address": "elsewhere"})).status_code == 409
    [row] = await house.rows("SELECT DISTINCT body FROM outbox WHERE subject = 'second'")
    told = json.loads(row["body"])
    assert {name: told[name] for name in facts} == facts
    assert told["accounts"][0]["bic"] == "ICBKCNBJSHI"
