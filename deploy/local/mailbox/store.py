"""Mail on disk: each message a file, an index line each, and nothing but the index lines in memory."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from itertools import islice
from pathlib import Path

from shared.clock import Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """What the list shows of a message; numbers count from 1 in order of arrival."""

    number: int
    received_at: str
    sender: str
    recipients: list[str]
    subject: str
    date: str


class MailStore:
    """A folder of `.eml` files whose names sort by arrival, and `index.jsonl` that lists them."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._clock = clock
        self._mails = list(_complete_lines(folder / "index.jsonl"))

    def add(self, content: bytes, *, sender: str, recipients: Sequence[str]) -> Mail:
        """Keep a message as it came."""
        headers = BytesHeaderParser(policy=default).parsebytes(content)
        mail = Mail(
            number=len(self._mails) + 1,
            received_at=self._clock.now().isoformat(timespec="milliseconds"),
            sender=sender,
            recipients=list(recipients),
            subject=str(headers.get("Subject", "")),
            date=str(headers.get("Date", "")),
        )
        self._file(mail.number).write_bytes(content)
        with (self.folder / "index.jsonl").open("a", encoding="utf-8") as index:
            index.write(json.dumps(asdict(mail), ensure_ascii=False) + "\n")
        self._mails.append(mail)
        return mail

    def page(self, *, limit: int, offset: int, query: str = "") -> tuple[int, list[Mail]]:
        """How many messages have the words in a recipient or the subject, and one page of them, newest first."""
        wanted = query.casefold()
        found = [mail for mail in reversed(self._mails) if wanted in _searched(mail)] if wanted else self._mails[::-1]
        return len(found), list(islice(found, offset, offset + limit))

    def read(self, number: int) -> tuple[Mail, EmailMessage]:
        """One message, whole; raises `LookupError` if there is none of this number."""
        if not 1 <= number <= len(self._mails):
            raise LookupError(f"no message {number}")
        message = message_from_bytes(self._file(number).read_bytes(), policy=default)
        return self._mails[number - 1], message

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:08d}.eml"


def text_of(message: EmailMessage, kind: str) -> str | None:
    """The part `plain` or `html` as text, unreadable bytes replaced; None if the message has no such part."""
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return None
    try:
        return str(part.get_content())
    except LookupError:  # a character set that nobody knows
        return bytes(part.get_payload(decode=True)).decode("utf-8", "replace")


def letters_of(message: EmailMessage) -> list[tuple[str, bytes]]:
    """The PDFs that a message carries, with their names."""
    return [
        (part.get_filename() or "letter.pdf", bytes(part.get_payload(decode=True)))
        for part in message.iter_attachments()
        if part.get_content_type() == "application/pdf"
    ]


def _searched(mail: Mail) -> str:
    return " ".join((*mail.recipients, mail.subject)).casefold()


def _complete_lines(index: Path) -> Iterator[Mail]:
    """A crash may have torn the last line; its message was never accepted, and its number is given again."""
    if not index.exists():
        return
    *complete, torn = index.read_text(encoding="utf-8").split("\n")
    if torn:
        index.write_text("".join(line + "\n" for line in complete), encoding="utf-8")
    for line in complete:
        yield Mail(**json.loads(line))
