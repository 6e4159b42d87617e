"""An embedded broker that tells its clients the address of a proxy before it."""

from pathlib import Path

from deploy.local.kafka import EmbeddedKafka


class KafkaBehindProxy(EmbeddedKafka):
    """Listens on `port_behind`; whoever asks it for the brokers of the cluster is sent to `proxy_port`."""

    def __init__(self, folder: Path, *, port_behind: int, proxy_port: int) -> None:
        super().__init__(folder)
        self.port_behind = port_behind
        self._port = port_behind
        self._proxy_port = proxy_port

    @property
    def bootstrap(self) -> str:
        """The proxy's address, which is also what the broker advertises."""
        return f"127.0.0.1:{self._proxy_port}"

    def _write_properties(self) -> None:
        super()._write_properties()
        own = f"PLAINTEXT://127.0.0.1:{self._port},CONTROLLER://127.0.0.1:{self._controller_port}"
        with self._properties.open("a") as properties:
            properties.write(f"listeners={own}\n")  # of two lines with one name the last counts
