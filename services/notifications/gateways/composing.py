"""Composes the mail: headers by the standard library, which refuses what could break out of one."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy, default
from email.utils import format_datetime
from functools import lru_cache
from uuid import UUID

from services.notifications.gateways.parcels import Parcel
from services.notifications.gateways.printing import Letter
from services.notifications.gateways.rendering import Rendered


class _Policy(EmailPolicy):
    """Folds only what must be folded: the library parses each header once more for it, half of a mail's time.

    A header whose value is a URI stays in one line whatever its length: folding would encode it, and mail programs
    would no longer know it.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return the header as it goes over the wire."""
        line = f"{name}: {value}{self.linesep}"
        if line.isascii() and (name in _UNBROKEN or len(line) <= _LINE):
            return line.encode()
        if name == "Subject":
            folded = Header(str(value), "utf-8", maxlinelen=_LINE, header_name=name).encode(linesep=self.linesep)
            return f"{name}: {folded}{self.linesep}".encode()
        return _fold_address(name, value) if name in _ADDRESSES else super().fold_binary(name, value)


_LINE = 78
_UNBROKEN = frozenset({"List-Unsubscribe", "Content-Type"})
_ADDRESSES = frozenset({"From", "To"})
# Seven bits, so that no relay has a reason to rewrite what was hashed.
_POLICY = _Policy(linesep="\r\n", cte_type="7bit", max_line_length=_LINE)
_fold_address = lru_cache(maxsize=4_096)(EmailPolicy(linesep="\r\n", max_line_length=_LINE).fold_binary)
_CONTENT_LANGUAGE = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """The address from which an installation writes."""

    address: str

    @property
    def domain(self) -> str:
        """Return the domain under which message ids are unique."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What stands on the envelope and in the headers of one message."""

    message_id: UUID
    recipient_name: str
    recipient: str
    language: str
    creditor_name: str
    reply_to: str
    civil_at: datetime
    unsubscribe: UUID | None
    traceparent: str
    correlation_id: str
    letter_name: str = ""


def compose(letterhead: Letterhead, cover: Cover, rendered: Rendered, letter: Letter | None = None) -> Parcel:
    """Return the mail; the same input gives the same bytes, and a repeat has the same Message-ID."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(cover.creditor_name, addr_spec=letterhead.address)
    mail["To"] = Address(cover.recipient_name, addr_spec=cover.recipient)
    mail["Reply-To"] = cover.reply_to
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(cover.civil_at)
    mail["Message-ID"] = f"<{cover.message_id}@{letterhead.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Traceparent"] = cover.traceparent
    mail["X-Correlation-Id"] = cover.correlation_id
    if cover.unsubscribe is not None:
        mail["List-Unsubscribe"] = f"<mailto:{letterhead.address}?subject=unsubscribe%20{cover.unsubscribe}>"
    mail.set_content(rendered.text)
    mail.add_alternative(rendered.html, subtype="html")
    # The library takes headers of the content for its own while there is none.
    mail["Content-Language"] = _CONTENT_LANGUAGE[cover.language]
    mail.set_boundary(f"=_{cover.message_id.hex}")
    if letter is not None:
        mail.add_attachment(letter.content, maintype="application", subtype="pdf", filename=cover.letter_name)
        mail.set_boundary(f"=_{cover.message_id.hex}_letter")
    sha256 = letter.sha256 if letter else None
    return Parcel(recipient=cover.recipient, content=mail.as_bytes(), letter_sha256=sha256)


def letter_in(content: bytes) -> bytes:
    """Return the letter that a mail carries, as it was printed."""
    mail = message_from_bytes(content, policy=default)
    pdf = next(part for part in mail.iter_attachments() if part.get_content_type() == "application/pdf")
    return bytes(pdf.get_content())
