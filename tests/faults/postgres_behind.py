"""An embedded PostgreSQL that everybody reaches through a proxy."""

from pathlib import Path

from deploy.local.postgres import EmbeddedPostgres


class PostgresBehindProxy(EmbeddedPostgres):
    """Listens on `port_behind`; its URL names `proxy_port`."""

    def __init__(self, folder: Path, *, port_behind: int, proxy_port: int) -> None:
        # Durable: what a killed server had acknowledged must be there when it comes back.
        super().__init__(folder, durable=True)
        self.port_behind = port_behind
        self._port = port_behind
        self._proxy_port = proxy_port

    @property
    def url(self) -> str:
        """The superuser's URL, by way of the proxy."""
        return super().url.replace(f":{self._port}/", f":{self._proxy_port}/")
