"""Free ports on the loopback interface."""

import socket

# What README and its examples say; another port is taken where one of these is not free.
USUAL_PORTS = {"credit": 8001, "ledger": 8002, "collections": 8003, "notifications": 8004, "mailbox": 8025}


class Ports:
    """Gives out each port once, though nobody listens on it yet."""

    def __init__(self, *, usual: bool) -> None:
        self._usual = USUAL_PORTS if usual else {}
        self._given: set[int] = set()

    def take(self, name: str = "") -> int:
        """A free port: the usual one of that name where it can be had."""
        port = free_port(wanted=self._usual.get(name))
        while port in self._given:
            port = free_port()
        self._given.add(port)
        return port


def free_port(*, wanted: int | None = None) -> int:
    """A port nobody listens on: `wanted` if it is free, else one the system picks."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something accepts connections on this port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
