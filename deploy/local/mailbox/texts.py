"""Text messages on disk, a line each; one reference is kept once, however often it is sent."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from shared.clock import Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A text message as it was asked for; numbers count from 1 in order of arrival."""

    number: int
    received_at: str
    reference: str
    to: str
    template_id: str
    text: str


class TextStore:
    """The file `texts.jsonl` in the folder of the mail."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "texts.jsonl"
        self._clock = clock
        known = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        self._texts = {text.reference: text for text in (Text(**json.loads(line)) for line in known)}

    def add(self, *, reference: str, to: str, template_id: str, text: str) -> Text:
        """Keep a text message, or return the one that is kept under this reference."""
        if reference in self._texts:
            return self._texts[reference]
        kept = Text(
            number=len(self._texts) + 1,
            received_at=self._clock.now().isoformat(timespec="milliseconds"),
            reference=reference,
            to=to,
            template_id=template_id,
            text=text,
        )
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(kept), ensure_ascii=False) + "\n")
        self._texts[reference] = kept
        return kept

    def page(self, *, limit: int, offset: int, query: str = "") -> tuple[int, Sequence[Text]]:
        """How many have the words in number or text, and one page of them, newest first."""
        wanted = query.casefold()
        found = [each for each in reversed(self._texts.values()) if wanted in f"{each.to} {each.text}".casefold()]
        return len(found), list(islice(found, offset, offset + limit))
