"""The audit is sealed behind the requests by one worker at a time, and whatever is done to it later is found (L17)."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from checker.audit import AuditVerdict, verify_audit
from deploy.local.topics import ensure_topics
from services.ledger.audit_keeping import AuditKeeper
from services.ledger.tests.import_house import DAY, ImportHouse, csv_file, invoice_row
from services.ledger.tests.rest import ENTITY, PARTITIONS, House, make_house
from services.ledger.usecases.seal_audit import seal_audit
from tests.databases import FreshDatabase

ROOT = Path(__file__).parents[3]
CHAINS = """
    SELECT partition_no, count(*) AS records, max(chain_number) AS head FROM audit_record GROUP BY 1 ORDER BY 1
"""


@dataclass
class Office:
    """A ledger with its sealer, and the auditor who reads its database and its topic of anchors."""

    house: House
    url: str
    bootstrap: str
    prefix: str
    keeper: AuditKeeper

    async def seal(self) -> None:
        """Seal all that waits."""
        while await self.keeper.seal_some():
            pass

    async def record(self, first: int, last: int) -> None:
        """Record invoices of three customers."""
        for number in range(first, last + 1):
            await self.house.invoice(f"I-{number}", "1.00", "2026-02-01", customer_number=f"C-{number % 3}")

    async def tamper(self, *statements: str) -> None:
        """Do what the triggers forbid, as the owner of the database can."""
        async with self.house.context.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE audit_record DISABLE TRIGGER USER"))
            for statement in statements:
                await connection.execute(text(statement))
            await connection.execute(text("ALTER TABLE audit_record ENABLE TRIGGER USER"))

    async def verify(self) -> AuditVerdict:
        """What the auditor finds."""
        return await verify_audit(self.url, bootstrap=self.bootstrap, topic_prefix=self.prefix)

    async def longest_chain(self) -> tuple[int, int]:
        """The partition with the most records, and how many it has."""
        rows = await self.house.rows(CHAINS)
        longest = max(rows, key=lambda row: row["records"])
        return longest["partition_no"], longest["records"]


@pytest.fixture
async def office(
    fresh_database: FreshDatabase, tmp_path: Path, kafka_bootstrap: str, topic_prefix: str
) -> AsyncIterator[Office]:
    """Twelve invoices that are recorded, sealed and anchored."""
    await ensure_topics(bootstrap=kafka_bootstrap, prefix=topic_prefix, partitions=PARTITIONS)
    url = await fresh_database("ledger")
    house = make_house(url, tmp_path, kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    await house.open("2026-01-01")
    await house.done("/entities", ENTITY)
    office = Office(house, url, kafka_bootstrap, topic_prefix, AuditKeeper(house.context))
    await office.record(1, 12)
    await office.seal()
    await office.keeper.anchor_moved()
    yield office
    await house.client.aclose()
    await house.context.wake.close()
    await house.context.engine.dispose()


async def test_every_record_is_sealed_under_a_number_without_a_hole(office: Office) -> None:
    """L17: in the order of recording, across batches; what is not anchored yet is told and is no breach."""
    await office.record(13, 15)
    verdict = await office.verify()
    assert (verdict.records, verdict.unsealed, verdict.late, verdict.breaches) == (13, 3, 0, [])
    await office.seal()
    verdict = await office.verify()
    assert (verdict.records, verdict.unsealed, verdict.breaches) == (16, 0, [])
    assert sum(chain.anchored for chain in verdict.chains) == 13
    assert all(row["records"] == row["head"] for row in await office.house.rows(CHAINS))
    turned = await office.house.rows("""
        SELECT a.id FROM audit_record AS a JOIN audit_record AS b USING (partition_no)
        WHERE a.id < b.id AND a.chain_number > b.chain_number
    """)
    assert turned == []


async def test_the_workers_task_seals_by_itself(office: Office) -> None:
    """L17: nobody has to ask; the limit leaves room for a busy machine."""
    task = asyncio.create_task(office.keeper.seal())
    await office.record(13, 14)
    async with asyncio.timeout(60):
        while (await office.house.rows("SELECT count(*) FROM audit_record WHERE chain_number IS NULL"))[0]["count"]:
            await asyncio.sleep(0.05)
    task.cancel()
    assert (await office.verify()).records == 15


async def test_a_record_that_commits_late_is_sealed_late(office: Office) -> None:
    """L17: no request waits for the chain, and the chain waits for no request."""
    async with office.house.context.engine.connect() as slow:
        await slow.execute(
            text("""
            INSERT INTO audit_record (partition_no, actor, action, subject, details, effective_date, business_date,
                recorded_at, correlation_id)
            SELECT partition_no, actor, 'late', subject, details, effective_date, business_date, now(), 'x'
            FROM audit_record WHERE partition_no = 0 LIMIT 1
        """)
        )
        await office.house.done("/entities", {**ENTITY, "code": "other"})
        await office.seal()
        await slow.commit()
    await office.seal()
    last = await office.house.rows("""
        SELECT action FROM audit_record WHERE partition_no = 0 ORDER BY chain_number DESC LIMIT 2
    """)
    assert [row["action"] for row in last] == ["late", "entity_recorded"]
    assert (await office.verify()).holds


EDITS = {
    "who": "actor = 'somebody'",
    "what": "action = 'nothing'",
    "about what": "subject = 'another'",
    "details": "details = details || '{\"total_minor\": 100.0}'",
    "which day": "business_date = business_date - 1",
    "effective": "effective_date = effective_date - 1",
    "when": "recorded_at = recorded_at + interval '1 microsecond'",
    "whose": "customer_id = gen_random_uuid()",
    "by which request": "correlation_id = 'another'",
}


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edited_record_is_found(office: Office, edit: str) -> None:
    """L17: whichever column, and the verdict names partition, number and record."""
    partition_no, _ = await office.longest_chain()
    [row] = await office.house.rows(
        f"SELECT id FROM audit_record WHERE partition_no = {partition_no} AND chain_number = 2"
    )
    await office.tamper(f"UPDATE audit_record SET {EDITS[edit]} WHERE id = {row['id']}")
    verdict = await office.verify()
    [breach] = verdict.breaches
    assert (breach.partition_no, breach.number, breach.record_id) == (partition_no, 2, row["id"])
    finding = verdict.finding()
    assert (finding.compared, finding.wrong) == (13, 1)
    assert f"partition {partition_no}, number 2, record {row['id']}: " in finding.differences[0]


async def test_two_records_that_were_swapped_are_found(office: Office) -> None:
    """L17: by their places, with all else untouched."""
    partition_no, _ = await office.longest_chain()
    await office.tamper(
        "CREATE TEMP TABLE place AS SELECT id, chain_number, chain_hash FROM audit_record "
        f"WHERE partition_no = {partition_no} AND chain_number IN (1, 3)",
        "UPDATE audit_record SET chain_number = 1000 + chain_number WHERE id IN (SELECT id FROM place)",
        "UPDATE audit_record AS a SET chain_number = p.chain_number, chain_hash = p.chain_hash FROM place AS p "
        "WHERE a.id IN (SELECT id FROM place) AND a.id <> p.id",
    )
    breaches = (await office.verify()).breaches
    assert [(each.partition_no, each.number) for each in breaches] == [(partition_no, 1), (partition_no, 3)]


async def test_a_removed_record_is_found(office: Office) -> None:
    """L17: by the hole that it leaves."""
    partition_no, _ = await office.longest_chain()
    await office.tamper(f"DELETE FROM audit_record WHERE partition_no = {partition_no} AND chain_number = 2")
    [breach] = (await office.verify()).breaches
    assert (breach.partition_no, breach.number, breach.what) == (partition_no, 2, "missing up to number 2")


async def test_a_cut_tail_is_found_also_when_the_chain_went_on(office: Office) -> None:
    """L17: by the anchor, which knows what was there."""
    partition_no, count = await office.longest_chain()
    await office.tamper(f"DELETE FROM audit_record WHERE partition_no = {partition_no} AND chain_number >= {count - 1}")
    [breach] = (await office.verify()).breaches
    assert (breach.partition_no, breach.number) == (partition_no, count - 1)
    assert f"missing up to number {count}, which the anchor" in breach.what
    await office.record(13, 24)
    await office.seal()
    [breach] = (await office.verify()).breaches
    assert (breach.partition_no, breach.number) == (partition_no, count)
    assert "has another hash" in breach.what


async def test_a_forged_head_is_found(office: Office) -> None:
    """L17: also where its hash was computed anew, so that the chain is whole by itself."""
    partition_no, count = await office.longest_chain()
    await office.tamper(
        f"UPDATE audit_record SET actor = 'somebody', chain_number = NULL, chain_hash = NULL "
        f"WHERE partition_no = {partition_no} AND chain_number = {count}"
    )
    await office.seal()
    [breach] = (await office.verify()).breaches
    assert (breach.partition_no, breach.number) == (partition_no, count)
    assert "the chain was written anew" in breach.what


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'somebody' WHERE chain_number IS NULL",
        "chain_hash = sha256('') WHERE chain_number = 1",
        "chain_number = NULL, chain_hash = NULL WHERE chain_number = 1",
    ],
)
async def test_nobody_changes_a_record_or_its_seal(office: Office, change: str) -> None:
    """L17: before it is sealed nothing but the seal is written, and afterwards nothing at all."""
    await office.record(13, 13)
    with pytest.raises(IntegrityError, match="append-only"):
        async with office.house.context.engine.begin() as connection:
            await connection.execute(text(f"UPDATE audit_record SET {change}"))


async def test_two_workers_never_fork_a_chain(office: Office) -> None:
    """L17: one seals at a time, and the other goes away without waiting."""
    await office.record(13, 18)
    begin = office.house.context.engine.begin
    async with begin() as one, begin() as other:
        assert (await seal_audit(one)).records == 6
        assert (await seal_audit(other)).records == 0
    keepers = [AuditKeeper(office.house.context) for _ in range(4)]
    await office.record(19, 30)
    await asyncio.gather(*(keeper.seal_some() for keeper in keepers))
    await office.seal()
    verdict = await office.verify()
    assert (verdict.records, verdict.unsealed, verdict.breaches) == (31, 0, [])


async def test_a_record_that_waits_for_more_than_a_minute_is_an_alarm(office: Office) -> None:
    """L17: for the worker's readiness and for the auditor."""
    await office.record(13, 13)
    await office.keeper.check()
    await office.tamper("UPDATE audit_record SET recorded_at = now() - interval '61 s' WHERE chain_number IS NULL")
    with pytest.raises(RuntimeError, match="has waited 61 s"):
        await office.keeper.check()
    verdict = await office.verify()
    assert (verdict.late, verdict.holds, verdict.breaches) == (1, False, [])
    await office.seal()
    await office.keeper.check()


async def test_anchors_are_kept_once_for_each_head(office: Office) -> None:
    """L17: only of chains that moved; a new worker begins with all of them, whoever sealed before."""
    chains = len((await office.verify()).chains)
    await office.keeper.anchor_moved()
    assert (await office.verify()).anchors == chains
    await office.record(13, 13)
    await office.seal()
    await office.keeper.anchor_moved()
    assert (await office.verify()).anchors == chains + 1
    await AuditKeeper(office.house.context).anchor_moved()
    verdict = await office.verify()
    assert (verdict.anchors, verdict.holds) == (2 * chains + 1, True)
    assert all(chain.anchored == chain.head.number for chain in verdict.chains)


@pytest.mark.parametrize(
    ("place_of_death", "sealed"),
    [("audit.before_commit:1", 0), ("audit.after_commit:1", 1000), ("audit.before_commit:2", 1000)],
)
async def test_a_killed_sealer_just_continues(
    fresh_database: FreshDatabase, tmp_path: Path, place_of_death: str, sealed: int
) -> None:
    """L17: what was committed stays, the rest is sealed by the next; no record twice, no number without one."""
    url = await fresh_database("ledger")
    house = ImportHouse.of(url, tmp_path)
    await house.books.begin(DAY)
    await house.bring_in(csv_file(*(invoice_row(f"R-{count}", customer=f"C-{count % 5}") for count in range(1100))))
    assert await seal_in_a_process(url, tmp_path, crash_at=place_of_death) == -signal.SIGKILL
    assert await house.count("audit_record WHERE chain_number IS NOT NULL") == sealed
    assert await seal_in_a_process(url, tmp_path) == 0
    assert await house.count("audit_record WHERE chain_number IS NULL") == 0
    assert await house.count(f"({CHAINS}) AS c WHERE records <> head") == 0
    await house.close()


async def seal_in_a_process(url: str, folder: Path, *, crash_at: str = "") -> int:
    """Seal in another process; its exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.ledger.tests.seal_records",
        url,
        str(folder),
        cwd=ROOT,
        env={**os.environ, "DUEFLOW_TEST_CRASH_AT": crash_at},
    )
    return await process.wait()
