"""Hands text messages to a provider over HTTP, and says of each exactly what is known of its fate (N1)."""

import asyncio
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import httpx
import structlog
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from services.notifications.domain.message import Outcome
from services.notifications.gateways.circuits import Circuits
from services.notifications.gateways.parcels import Key, Parcel

PARALLEL = 8
MESSAGE_SECONDS = 20.0
CONNECT_SECONDS = 5.0
MAX_ANSWER_BYTES = 16 * 1024

_SUCCESS = range(200, 300)
_TOO_MANY, _UNAVAILABLE, _SERVER = 429, 503, 500
# What these refuse is us or our address for it, not the number: another provider may well take it.
_OURS = range(300, 400), (401, 403, 404, 405, 407, 408)
_NUMBER = "number"
_LONGEST_WAIT_SECONDS = 24 * 60 * 60

log = structlog.get_logger(__name__)


class Provider(BaseModel):
    """A text message provider that speaks our generic protocol (docs/sms.md).

    `keeps_references` says that it sends a reference once however often it is asked; only then is an attempt of
    unknown fate made again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    url: AnyHttpUrl
    token: SecretStr
    receipt_secret: SecretStr
    keeps_references: bool = False


class _Answer(BaseModel):
    """What a provider answers; more than this is not read."""

    status: Literal["accepted", "rejected"]
    id: Annotated[str, Field(max_length=200)] = ""
    reason: Annotated[str | None, Field(pattern=r"^[a-z0-9_]{1,40}$")] = None


class Texting:
    """The providers in order of preference: which to ask for a message, and the asking itself."""

    def __init__(self, providers: Sequence[Provider], *, message_seconds: float = MESSAGE_SECONDS) -> None:
        self.providers = {each.name: each for each in providers}
        self.message_seconds = message_seconds
        self._circuits = Circuits()
        self._tls = ssl.create_default_context() if providers else None

    @property
    def names(self) -> list[str]:
        """Return the providers' names in order of preference."""
        return list(self.providers)

    def keeps_references(self, provider: str | None) -> bool:
        """Return whether a provider sends a reference once however often it is asked."""
        return provider is not None and self.providers[provider].keeps_references

    def choose(self, among: Sequence[str], *, last: str | None, again: bool) -> str:
        """Return the provider to ask: the same `again` where the fate is unknown, else the one after the last asked."""
        asked = among.index(last) if last in among else None
        if asked is not None and again:
            return among[asked]
        start = 0 if asked is None else asked + 1
        return self._circuits.choose([*among[start:], *among[:start]], now=time.monotonic())

    async def hand_over(self, parcels: Mapping[Key, Parcel], /, *, begin_before: float) -> dict[Key, Outcome]:
        """Ask for all messages, a few at a time; nothing is begun after `begin_before`."""
        waiting = list(parcels.items())[::-1]
        outcomes: dict[Key, Outcome] = {}
        timeout = httpx.Timeout(self.message_seconds, connect=CONNECT_SECONDS)

        async def work() -> None:
            while waiting:
                key, parcel = waiting.pop()
                late = time.monotonic() > begin_before
                outcomes[key] = Outcome(kind="not_begun") if late else await self._ask(client, parcel)

        # What the environment says of proxies is for people's programs: a provider is reached directly.
        client = httpx.AsyncClient(verify=self._tls or True, timeout=timeout, trust_env=False)
        async with client, asyncio.TaskGroup() as group:
            for _ in range(min(PARALLEL, len(parcels))):
                group.create_task(work())
        return outcomes

    async def _ask(self, client: httpx.AsyncClient, parcel: Parcel) -> Outcome:
        provider = self.providers[parcel.provider or ""]
        try:
            async with asyncio.timeout(self.message_seconds):
                outcome = await _post(client, provider, parcel.content)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            outcome = Outcome(kind="deferred", elsewhere=True, answer=type(error).__name__)
        except (httpx.HTTPError, TimeoutError) as error:
            outcome = Outcome(kind="unknown", answer=type(error).__name__)
        if outcome.kind != "taken":
            log.warning("sms.not_taken", provider=provider.name, outcome=outcome.kind, code=outcome.code)
        failed = outcome.kind in {"deferred", "unknown"}
        self._circuits.note(provider.name, failed=failed, now=time.monotonic())
        return outcome


async def _post(client: httpx.AsyncClient, provider: Provider, content: bytes) -> Outcome:
    headers = {"Authorization": f"Bearer {provider.token.get_secret_value()}", "Content-Type": "application/json"}
    async with client.stream("POST", str(provider.url), content=content, headers=headers) as response:
        body = bytearray()
        async for piece in response.aiter_bytes(MAX_ANSWER_BYTES):
            body += piece
            if len(body) > MAX_ANSWER_BYTES:
                break
    return _outcome_of(response.status_code, _read(bytes(body)), response.headers.get("Retry-After"))


def _read(body: bytes) -> _Answer | None:
    try:
        return _Answer.model_validate_json(body) if len(body) <= MAX_ANSWER_BYTES else None
    except ValidationError:
        return None


def _outcome_of(code: int, answer: _Answer | None, retry_after: str | None) -> Outcome:
    """Return what an answer says of the message; only a clear word counts, and a success without one is unknown."""
    accepted = answer is not None and answer.status == "accepted"
    rejected = answer is not None and answer.status == "rejected"
    said = answer.id if answer else ""
    if code in _SUCCESS and accepted:
        return Outcome(kind="taken", code=code, answer=said)
    if code == _TOO_MANY or (code == _UNAVAILABLE and retry_after):
        return Outcome(kind="deferred", code=code, retry_after_seconds=_seconds(retry_after))
    if code == _UNAVAILABLE or any(code in codes for codes in _OURS) or (code >= _SERVER and rejected):
        return Outcome(kind="deferred", code=code, elsewhere=True)
    if (code in _SUCCESS and not rejected) or code >= _SERVER:
        return Outcome(kind="unknown", code=code, answer=said)
    reason = answer.reason if answer else None
    blames = reason in {None, _NUMBER}
    return Outcome(kind="refused", code=code, answer=said, reason=f"sms_{reason or code}", blames_address=blames)


def _seconds(retry_after: str | None) -> int:
    """Return the seconds that a provider asks for; a date, which few send, waits as our own pauses do."""
    return min(int(retry_after), _LONGEST_WAIT_SECONDS) if retry_after and retry_after.isdecimal() else 0


def request_body(*, reference: str, recipient: str, template_id: str, text: str, variables: Mapping[str, str]) -> bytes:
    """Return the request as it goes over the wire; `text` is what the recipient will read, for whoever looks at it."""
    said = {
        "reference": reference,
        "to": recipient,
        "template_id": template_id,
        "variables": dict(variables),
        "text": text,
    }
    return json.dumps(said, sort_keys=True).encode()
