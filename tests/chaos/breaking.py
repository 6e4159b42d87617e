"""Does to the house what the schedule says, each fault at its time, and gives back what it took."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable

from tests.chaos.schedule import Fault
from tests.faults.house import House

_CRASH_VARIABLE = "DUEFLOW_TEST_CRASH_AT"


async def break_house(house: House, schedule: Iterable[Fault], *, tell: Callable[[str], None]) -> None:
    """Return when the last fault is over."""
    started = asyncio.get_running_loop().time()

    async def happen(fault: Fault) -> None:
        await asyncio.sleep(started + fault.at_seconds - asyncio.get_running_loop().time())
        tell(str(fault))
        await _inflict(house, fault)

    async with asyncio.TaskGroup() as tasks:
        for fault in schedule:
            tasks.create_task(happen(fault))


async def _inflict(house: House, fault: Fault) -> None:
    match fault.kind:
        case "silent":
            house.to_kafka.blackhole()
            await asyncio.sleep(fault.lasting_seconds)
            await house.to_kafka.heal()
        case "reset":
            house.to_kafka.reset()
        case "frozen":
            await _freeze(house, fault)
        case "crash armed":
            process = house.stack.process(fault.victim)
            process.kill()
            process.start(environment={_CRASH_VARIABLE: fault.place})
        case "killed":
            await _kill(house, fault)


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
