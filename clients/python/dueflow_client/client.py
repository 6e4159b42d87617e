"""The one object that an integrator holds: a connection to the four services under one API key."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from dueflow_client.collections import CollectionsClient
from dueflow_client.credit import CreditClient
from dueflow_client.ledger import LedgerClient
from dueflow_client.notifications import NotificationsClient
from dueflow_client.transport import Transport

_CONNECTIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where each service answers."""

    credit: str
    ledger: str
    collections: str
    notifications: str

    @staticmethod
    def local() -> "Addresses":
        """Return the addresses of `make up` and `make demo`."""
        return Addresses(
            credit="http://127.0.0.1:8001",
            ledger="http://127.0.0.1:8002",
            collections="http://127.0.0.1:8003",
            notifications="http://127.0.0.1:8004",
        )


class Dueflow:
    """The four services; use it as an async context manager, which closes its connections.

    A `correlation_id` (8 to 128 letters, digits, - or _) marks all that follows from these calls: events, logs, mails.
    """

    def __init__(
        self,
        addresses: Addresses,
        *,
        key: str,
        correlation_id: str | None = None,
        timeout_seconds: float = 30,
        patience_seconds: float = 60,
    ) -> None:
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        if correlation_id is not None:
            self._headers["X-Correlation-Id"] = correlation_id
        self._timeout_seconds = timeout_seconds
        self._patience_seconds = patience_seconds
        self._connections: list[httpx.AsyncClient] = []
        self.credit = CreditClient(self._connect(addresses.credit))
        self.ledger = LedgerClient(self._connect(addresses.ledger))
        self.collections = CollectionsClient(self._connect(addresses.collections))
        self.notifications = NotificationsClient(self._connect(addresses.notifications))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for http in self._connections:
            await http.aclose()

    def _connect(self, base_url: str) -> Transport:
        http = httpx.AsyncClient(
            base_url=base_url,
            headers=self._headers,
            # A thousand calls at once take turns on a few connections, however long the last waits for its turn.
            timeout=httpx.Timeout(self._timeout_seconds, pool=None),
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            # A key in a header must not go through a proxy that the environment happens to name for loopback.
            trust_env=not base_url.startswith("http://127.0.0.1"),
        )
        self._connections.append(http)
        return Transport(http, patience_seconds=self._patience_seconds)
