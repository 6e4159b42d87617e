"""Puts a run's report together from the API's answers, the check's verdict and the run's own counts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import httpx
from dueflow_client import Dueflow

from checker.audit import AuditVerdict
from checker.everything import Verdict
from demo import figures
from demo.letters import fetch_letters
from demo.pulse import caught_mails, caught_texts
from demo.report import (
    Addresses,
    AuditChain,
    AuditProof,
    CheckLine,
    Done,
    FileFigures,
    RefusedCall,
    Report,
    ServiceEvents,
)
from deploy.local.state import StackState


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that is over, as it remembers itself."""

    entity: str
    first_day: date
    last_day: date
    seconds: float
    customers: int
    seed: int | None = None
    done: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[tuple[str, str], int] = field(default_factory=Counter)


async def make_report(
    run: Run, verdict: Verdict, dueflow: Dueflow, state: StackState, *, root: Path, file: FileFigures | None = None
) -> Report:
    """Return the report, with letters as PDF below `root`; `file` is what a run of a file found in it."""
    refused = sorted(run.refused.items())
    letters_sent, letters = await fetch_letters(dueflow, root)
    mails, texts = await _caught(state)
    return Report(
        kind="year" if file is None else "file",
        seed=run.seed,
        first_day=run.first_day,
        last_day=run.last_day,
        seconds=round(run.seconds, 1),
        customers=run.customers,
        done=[Done(what=what, number=number) for what, number in sorted(run.done.items())],
        refused=[RefusedCall(what=what, title=title, number=number) for (what, title), number in refused],
        receivables=await figures.receivables(dueflow, as_of=run.last_day, entity=run.entity),
        risks=await figures.risks(dueflow),
        cases=await figures.stage_cases(dueflow),
        steps=await figures.step_times(dueflow, first=run.first_day, last=run.last_day),
        messages=await figures.message_counts(dueflow),
        mails_caught=mails,
        texts_caught=texts,
        letters_sent=letters_sent,
        letters=letters,
        events=[ServiceEvents(service=service, events=number) for service, number in verdict.events.items()],
        check=check_lines(verdict),
        check_holds=verdict.holds,
        audit=audit_proof(verdict.audit),
        file=file,
        holds=verdict.holds and (file is None or file_agrees(file)),
        addresses=Addresses(
            apis={service: f"{url}/docs" for service, url in state.api_urls.items()}, mail=state.mailbox_url
        ),
    )


def check_lines(verdict: Verdict) -> list[CheckLine]:
    """Return the findings as lines of a report."""
    return [
        CheckLine(
            check=each.check,
            invariant=each.invariant,
            sentence=each.sentence,
            compared=each.compared,
            wrong=each.wrong,
            differences=list(each.differences),
        )
        for each in verdict.findings
    ]


def audit_proof(audit: AuditVerdict) -> AuditProof:
    """Return what the audit's chains came to as a part of a report."""
    chains = [
        AuditChain(
            partition_no=chain.partition_no,
            records=chain.head.number,
            anchored=chain.anchored,
            head=chain.head.hash.hex(),
        )
        for chain in audit.chains
    ]
    return AuditProof(holds=audit.holds, records=audit.records, anchors=audit.anchors, chains=chains)


def file_agrees(file: FileFigures) -> bool:
    """Return whether every figure of a file is as expected."""
    figures_of_file = [file.invoices, file.amount, file.late, file.overdue_events]
    if file.overdue_by_days is not None:
        figures_of_file.append(file.overdue_by_days)
    for each in file.positions:
        figures_of_file += [each.open_invoices, each.open, each.overdue_invoices, each.overdue]
    return all(figure.agrees for figure in figures_of_file)


async def _caught(state: StackState) -> tuple[int | None, int | None]:
    """Return how many mails and text messages lie in the mailbox, if there is one."""
    if state.mailbox_url is None:
        return None, None
    async with httpx.AsyncClient(trust_env=False) as http:
        return await caught_mails(http, state.mailbox_url), await caught_texts(http, state.mailbox_url)
