"""Runs all checks against one installation, whoever runs it: what each compares, and at which moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dueflow_client.ledger import LedgerClient

from checker import claims, credit, ledger, markers, messages, outboxes, streams
from checker.aging import check_aging
from checker.agreement import AGREEMENTS
from checker.audit import AuditVerdict, read_anchors, verify_chains
from checker.common_position import compare_services
from checker.findings import Finding, merged
from checker.histories import History, read_histories
from checker.rules import Rule
from checker.snapshot import Snapshot, take_snapshots
from shared.contracts.ledger import InvoiceOverdue

_OWN_RULES: Mapping[str, Sequence[Rule]] = {
    "ledger": ledger.RULES,
    "credit": credit.RULES,
    "collections": (),
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


async def check_everything(installation: Installation, *, patience_seconds: float = 60) -> Verdict:
    """Return the verdict; readers are given `patience_seconds` to hear what has been said."""
    findings = await compare_services(
        installation.database_urls,
        AGREEMENTS,
        topic_prefix=installation.topic_prefix,
        patience_seconds=patience_seconds,
    )
    async with take_snapshots(installation.database_urls) as before:
        acknowledged = {service: await outboxes.acknowledged(snapshot) for service, snapshot in before.items()}
        # A claim's positions lie behind the topics' ends of now.
        said = await claims.read_claims(before["notifications"], topic_prefix=installation.topic_prefix)
    anchors = await read_anchors(installation.bootstrap, topic_prefix=installation.topic_prefix)
    histories = await read_histories(
        installation.bootstrap, topic_prefix=installation.topic_prefix, services=installation.database_urls
    )
    async with take_snapshots(installation.database_urls) as snapshots:
        findings += await _own_rules(snapshots)
        findings.append(await check_aging(snapshots["ledger"], installation.ledger))
        audit = await verify_chains(snapshots["ledger"], anchors)
        for service, snapshot in snapshots.items():
            rows = await outboxes.outbox_rows(snapshot)
            findings += outboxes.compare_outbox(histories[service], rows, acknowledged[service])
    return Verdict(
        findings=merged([*findings, *_of_topics(histories, said), audit.finding()]),
        audit=audit,
        events={service: history.count() for service, history in histories.items()},
        overdue=markers.standing_overdue(histories["ledger"]),
    )


async def _own_rules(snapshots: Mapping[str, Snapshot]) -> list[Finding]:
    return [
        await rule.decide(snapshot)
        for service, snapshot in snapshots.items()
        for rule in (*streams.RULES, *_OWN_RULES[service])
    ]


def _of_topics(histories: Mapping[str, History], said: list[claims.Claim]) -> list[Finding]:
    return [
        outboxes.check_order(histories),
        markers.check_markers(histories),
        markers.check_overdue(histories["ledger"]),
        claims.check_claims(said, histories),
    ]
