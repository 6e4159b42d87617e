"""Hands mails to an SMTP server, and says of each exactly what is known of its fate (N1, RFC 1047)."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import aiosmtplib
import structlog
from aiosmtplib import SMTP, SMTPDataError, SMTPException

from services.notifications.domain.message import Outcome
from services.notifications.gateways.parcels import Key, Parcel
from services.notifications.gateways.smtp_failures import MAX_ANSWER, outcome_of
from shared.crash import crash_point

PARALLEL = 4
MAIL_SECONDS = 60
COMMAND_SECONDS = 30

_SUCCESS = range(200, 300)
_GOODBYE = (None, 421)  # the server has gone, or says that it goes

Tls = Literal["none", "starttls", "tls"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the mail server is, and how to speak to it."""

    host: str
    port: int
    tls: Tls
    sender: str
    username: str | None = None
    password: str | None = None
    mail_seconds: float = MAIL_SECONDS


async def send_mails(server: Server, mails: Mapping[Key, Parcel], /, *, begin_before: float) -> dict[Key, Outcome]:
    """Send all mails over at most four connections, used again and again; no content is begun after `begin_before`.

    `begin_before` is monotonic time: what was decided on must not have grown old when it goes out (N5). A server that
    keeps a mail waiting beyond it is tried again after a pause, and in the end a person looks.
    """
    waiting = list(mails.items())[::-1]
    outcomes: dict[Key, Outcome] = {}

    async def work() -> None:
        line = _Line(server)
        while waiting:
            key, mail = waiting.pop()
            late = time.monotonic() > begin_before
            outcomes[key] = Outcome(kind="not_begun") if late else await line.send(mail, begin_before=begin_before)
        await line.hang_up()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(PARALLEL, len(mails))):
            group.create_task(work())
    return outcomes


class TooSlow(OSError):
    """The server let us wait so long for its leave that what is known of the debt has grown old (N5)."""


class _Line:
    """One connection to the server, opened when it is needed."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client: SMTP | None = None
        self._content_begun = False

    async def send(self, mail: Parcel, *, begin_before: float) -> Outcome:
        """Return what came of one mail; a used connection that the server has closed meanwhile is replaced once."""
        used = self._client is not None
        outcome = await self._try(mail, begin_before)
        if used and outcome.kind == "deferred" and outcome.code in _GOODBYE:
            outcome = await self._try(mail, begin_before)
        if used and outcome.answer == TooSlow.__name__:
            outcome = Outcome(kind="not_begun")  # it waited for others; the server is not to blame
        if outcome.kind not in {"taken", "not_begun"}:
            log.warning("mail.not_taken", outcome=outcome.kind, code=outcome.code)
        return outcome

    async def hang_up(self) -> None:
        """Say goodbye; the server's silence about it is of no interest."""
        if self._client is not None:
            try:
                await self._client.quit(timeout=1)
            except (SMTPException, OSError, TimeoutError):
                self._client.close()

    async def _try(self, mail: Parcel, begin_before: float) -> Outcome:
        self._content_begun = False
        try:
            async with asyncio.timeout(self._server.mail_seconds):
                response = await self._transfer(mail, begin_before)
        except (SMTPException, OSError, TimeoutError) as error:
            self._drop()
            return outcome_of(error, content_begun=self._content_begun)
        crash_point("sender.after_250")
        return Outcome(kind="taken", code=response.code, answer=response.message[:MAX_ANSWER])

    async def _transfer(self, mail: Parcel, begin_before: float) -> aiosmtplib.SMTPResponse:
        if self._client is None:
            self._client = await _connect(self._server)
        await self._client.mail(self._server.sender)
        await self._client.rcpt(mail.recipient)
        if time.monotonic() > begin_before:
            raise TooSlow
        self._content_begun = True
        try:
            return await self._client.data(mail.content)
        except SMTPDataError as error:
            if error.code in _SUCCESS:
                return aiosmtplib.SMTPResponse(error.code, error.message)
            raise

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


async def _connect(server: Server) -> SMTP:
    client = SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        timeout=COMMAND_SECONDS,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        tls_context=None if server.tls == "none" else ssl.create_default_context(),
    )
    await client.connect()
    return client
