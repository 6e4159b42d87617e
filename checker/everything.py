"""Runs the checks against one installation, whoever runs them: what each compares, and at which moment."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dueflow_client.ledger import LedgerClient

from checker import amounts, cases, changes, credit, days, entries, ledger, markers, messages, streams
from checker.aging import check_aging
from checker.agreement import AGREEMENTS
from checker.audit import AuditVerdict, read_anchors, verify_chains
from checker.common_position import compare_services
from checker.findings import Finding, merged
from checker.histories import read_histories
from checker.references import check_references
from checker.rules import Rule
from checker.snapshot import take_snapshots
from checker.topics import check_outbox, check_sayings, check_topics, look_before
from shared.contracts.ledger import InvoiceOverdue

_RULES: Sequence[Rule] = (*streams.RULES, *amounts.RULES)
_OWN_RULES: Mapping[str, Sequence[Rule]] = {
    "ledger": (*ledger.RULES, *entries.RULES, *days.RULES),
    "credit": (*credit.RULES, *changes.RULES),
    "collections": cases.RULES,
    "notifications": messages.RULES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where to read: by service a URL of a role that may only read, the broker, and the ledger's API."""

    database_urls: Mapping[str, str]
    bootstrap: str
    topic_prefix: str
    ledger: LedgerClient


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings, the audit's chains, each topic's count of events, and what became overdue and was not undone."""

    findings: Sequence[Finding]
    audit: AuditVerdict
    events: Mapping[str, int]
    overdue: Sequence[InvoiceOverdue]

    @property
    def holds(self) -> bool:
        """Return whether nothing differed anywhere."""
        return all(finding.holds for finding in self.findings)


async def check_databases(installation: Installation, *, patience_seconds: float) -> list[Finding]:
    """Return what the databases show, compared with each other and each by itself; cheap enough for every minute."""
    findings = await compare_services(
        installation.database_urls,
        AGREEMENTS,
        topic_prefix=installation.topic_prefix,
        patience_seconds=patience_seconds,
    )
    async with take_snapshots(installation.database_urls) as snapshots:
        for snapshot in snapshots.values():
            findings += [await rule.decide(snapshot) for rule in (*_RULES, *_OWN_RULES[snapshot.service])]
    return merged(findings)


async def check_everything(installation: Installation, *, patience_seconds: float = 60) -> Verdict:
    """Return the verdict on databases, topics and reports; readers are given time to hear what has been said."""
    urls, prefix = installation.database_urls, installation.topic_prefix
    findings = await check_databases(installation, patience_seconds=patience_seconds)
    async with take_snapshots(urls) as snapshots:
        before = await look_before(snapshots, topic_prefix=prefix)
    anchors = await read_anchors(installation.bootstrap, topic_prefix=prefix)
    histories = await read_histories(installation.bootstrap, topic_prefix=prefix, services=urls)
    findings += await asyncio.to_thread(check_topics, before, histories, topic_prefix=prefix)
    async with take_snapshots(urls) as snapshots:
        for service, snapshot in snapshots.items():
            findings += await check_references(snapshot)
            findings += await check_outbox(snapshot, histories[service], before.acknowledged[service])
        async with take_snapshots(urls) as later:
            findings += await check_sayings(snapshots, later, histories, topic_prefix=prefix)
        findings.append(await check_aging(snapshots["ledger"], installation.ledger))
        audit = await verify_chains(snapshots["ledger"], anchors)
    return Verdict(
        findings=merged([*findings, audit.finding()]),
        audit=audit,
        events={service: history.count() for service, history in histories.items()},
        overdue=markers.standing_overdue(histories["ledger"]),
    )
