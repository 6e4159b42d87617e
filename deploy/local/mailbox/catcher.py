"""The SMTP side: whatever arrives is stored before it is accepted."""

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mailbox.store import MailStore

LARGEST_BYTES = 16 * 1024 * 1024


class Catcher:
    """Says yes to every recipient; the names of its methods are aiosmtpd's."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        """Store one message, for all of its recipients."""
        assert isinstance(envelope.content, bytes), "without decode_data it is bytes"
        mail = self._store.add(
            envelope.content, sender=envelope.mail_from or "", recipients=[str(to) for to in envelope.rcpt_tos]
        )
        return f"250 kept as {mail.number}"
