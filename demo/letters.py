"""Fetches a letter of each kind that was sent, so that one can look at them beside the report (N13)."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from dueflow_client import Dueflow

from demo.report import LetterFile

FOLDER = "letters"

_PURPOSES = ("reminder", "second_reminder", "formal_demand", "lawyer_letter")
_LANGUAGES = ("zh", "en")


async def fetch_letters(dueflow: Dueflow, root: Path) -> tuple[int, list[LetterFile]]:
    """Return how many mails carried a letter; write the first letter of each purpose in each language below `root`."""
    sent: defaultdict[str, list[Any]] = defaultdict(list)
    async for message in dueflow.notifications.messages(state="sent"):
        if message["channel"] == "email":
            sent[message["purpose"]].append(message)
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    languages = {each["template_id"]: each["language"] async for each in dueflow.notifications.templates()}
    written = [
        LetterFile(purpose=purpose, language=language, path=await _write(dueflow, message_id, root, purpose, language))
        for purpose in _PURPOSES
        for language, message_id in sorted((await _firsts(dueflow, sent[purpose], languages)).items())
    ]
    return sum(message["formal"] for messages in sent.values() for message in messages), written


async def _firsts(dueflow: Dueflow, messages: list[Any], languages: dict[str, str]) -> dict[str, str]:
    """Return the first message in each language, by language."""
    found: dict[str, str] = {}
    for message in messages:
        if len(found) == len(_LANGUAGES):
            break
        attempts = (await dueflow.notifications.message(message["message_id"]))["attempts_made"]
        found.setdefault(languages[attempts[-1]["template_id"]], message["message_id"])
    return found


async def _write(dueflow: Dueflow, message_id: str, root: Path, purpose: str, language: str) -> str:
    path = f"{FOLDER}/{purpose}.{language}.pdf"
    (root / path).write_bytes(await dueflow.notifications.letter(message_id))
    return path
