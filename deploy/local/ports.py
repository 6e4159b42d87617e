"""Free ports on the loopback interface."""

import random
import socket

# What README and its examples say; another port is taken where one of these is not free.
USUAL_PORTS = {
    "credit": 8001,
    "ledger": 8002,
    "collections": 8003,
    "notifications": 8004,
    "checker": 8005,
    "mailbox": 8025,
}

# Below what Linux gives to outgoing connections (from 32768): one of those could take the port before its server does.
_OURS = range(20_000, 32_000)
_TRIES = 100
_DRAW = random.SystemRandom()  # tests seed the common one: two of them would draw the same ports


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
    """A port nobody listens on: `wanted` if it is free, else one drawn from a range kept for servers."""
    for port in (wanted, *_DRAW.sample(_OURS, _TRIES)):
        if port is not None and _is_free(port):
            return port
    raise OSError(f"none of {_TRIES} ports between {_OURS.start} and {_OURS.stop} is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Whether something accepts connections on this port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
