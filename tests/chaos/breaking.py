"""Does to the house what the schedule says, each fault at its time, and gives back what it took."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable

from tests.chaos.schedule import Fault
from tests.faults.house import House
from tests.faults.proxy import Proxy

_CRASH_VARIABLE = "DUEFLOW_TEST_CRASH_AT"
_SLOW = (0.01, 200_000, 512)
"""Seconds that a piece is late, bytes in a second, bytes of a piece."""


async def break_house(house: House, schedule: Iterable[Fault], *, tell: Callable[[str], None]) -> None:
    """Return when the last fault is over; on a slow machine one begins late rather than before its victim is back."""
    started = asyncio.get_running_loop().time()
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def happen(fault: Fault) -> None:
        await asyncio.sleep(started + fault.at_seconds - asyncio.get_running_loop().time())
        async with turns[fault.victim]:
            tell(str(fault))
            await _inflict(house, fault)

    async with asyncio.TaskGroup() as tasks:
        for fault in schedule:
            tasks.create_task(happen(fault))


async def _inflict(house: House, fault: Fault) -> None:
    match fault.kind:
        case "silent" | "slow" | "reset" | "cut":
            await _disturb(_wire(house, fault.victim), fault)
        case "frozen":
            await _freeze(house, fault)
        case "crash armed":
            process = house.stack.process(fault.victim)
            process.kill()
            process.start(environment={_CRASH_VARIABLE: fault.place})
        case "killed":
            await _kill(house, fault)


def _wire(house: House, name: str) -> Proxy:
    wires = {"wire to kafka": house.to_kafka, "wire to postgres": house.to_postgres, "wire to mail": house.to_mail}
    return wires[name]


async def _disturb(wire: Proxy, fault: Fault) -> None:
    match fault.kind:
        case "reset":
            wire.reset()
            return
        case "cut":
            wire.cut_after(int(fault.place.removeprefix("byte ")))
            return
        case "silent":
            wire.blackhole()
        case "slow":
            wire.latency_seconds, wire.bytes_per_second, wire.piece_bytes = _SLOW
    await asyncio.sleep(fault.lasting_seconds)
    await wire.heal()


async def _freeze(house: House, fault: Fault) -> None:
    pid = house.stack.process(fault.victim).pid
    if pid is None:  # it has just died where it was armed to
        return
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(fault.lasting_seconds)
    if house.stack.process(fault.victim).pid == pid:
        os.kill(pid, signal.SIGCONT)


async def _kill(house: House, fault: Fault) -> None:
    if fault.victim in ("kafka", "postgres"):
        server = house.kafka if fault.victim == "kafka" else house.postgres
        server.kill()
        await asyncio.sleep(fault.lasting_seconds)
        server.launch()
        await asyncio.to_thread(server.wait_ready)
        return
    process = house.stack.process(fault.victim)
    process.kill()
    await asyncio.sleep(fault.lasting_seconds)
    process.start()
