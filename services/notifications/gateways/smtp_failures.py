"""Says what a failed transfer tells of the fate of a mail: refused, to be tried again, or unknown (N1, RFC 1047)."""

from aiosmtplib import SMTPDataError, SMTPRecipientRefused, SMTPResponseException

from services.notifications.domain.message import Outcome

MAX_ANSWER = 500

_PERMANENT = 500


def outcome_of(error: Exception, *, content_begun: bool) -> Outcome:
    """Return what a failure says of the mail.

    A refusal of the recipient or of the content is final from 500 on. A refusal of us (greeting, login, sender) is
    worth trying again once somebody has looked. Silence after the content was begun says nothing at all.
    """
    if isinstance(error, SMTPResponseException):
        final = isinstance(error, SMTPRecipientRefused | SMTPDataError) and error.code >= _PERMANENT
        return Outcome(kind="refused" if final else "deferred", code=error.code, answer=str(error.message)[:MAX_ANSWER])
    return Outcome(kind="unknown" if content_begun else "deferred", answer=type(error).__name__)
