"""Keeps docs/walk.md true: its files lead from one to the next, and the walk runs on the real stack (P4, P10)."""

import re
from pathlib import Path

import pytest

from demo.walk import ADDRESS, walk
from deploy.local.runner import LocalStack

ROOT = Path(__file__).parents[2]
STEP = re.compile(r"^(\d+)\. `(?P<path>[^`]+)`.*?(?:: leads on by `(?P<link>[^`]+)`\.)?$", re.MULTILINE)
MAX_FILES = 16
MAX_LINES = 150


def test_the_walk_leads_through_few_small_files_each_naming_the_next() -> None:
    """Conventions, "The walk": at most sixteen files under 150 lines; what leads on stands in both files."""
    steps = [(match["path"], match["link"]) for match in STEP.finditer((ROOT / "docs" / "walk.md").read_text())]
    assert 10 <= len(steps) <= MAX_FILES
    texts = [(ROOT / path).read_text() for path, _ in steps]
    assert {
        path: len(text.splitlines())
        for (path, _), text in zip(steps, texts, strict=True)
        if len(text.splitlines()) >= MAX_LINES
    } == {}
    broken = [
        f"{path} does not lead on by {link}"
        for (path, link), text, following in zip(steps, texts, texts[1:], strict=False)
        if link is None or link not in text or link not in following
    ]
    assert broken == []


@pytest.mark.timeout(600)
async def test_one_correlation_id_goes_from_the_post_to_the_mail(tmp_path: Path) -> None:
    """P4, P10, N1: the same id stands on the invoice, its overdue, the case, the reminder and the e-mail's headers."""
    async with LocalStack(tmp_path, partitions=2, fast_clock=True) as stack:
        walked = await walk(stack)
    assert [hop.wire for hop in walked.hops if hop.wire in _TOLD] == list(_TOLD)
    headers = {name.lower(): value for name, value in walked.mail["headers"]}
    assert headers["x-correlation-id"] == walked.correlation_id
    assert headers["to"].endswith(f"{ADDRESS}>") or headers["to"] == ADDRESS
    assert "WALK-0001" in walked.mail["text"]
    assert "1,130.00" in walked.mail["text"]


_TOLD = (
    "ledger.invoice-issued.v1",
    "ledger.invoice-overdue.v1",
    "collections.case-opened.v1",
    "collections.reminder-planned.v1",
    "notifications.message-sent.v1",
)
