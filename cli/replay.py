"""`dueflow replay`: reads topics again from their first record, and leads readers that stand still back into them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from dueflow_client import Dueflow
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from cli.connection import Json, RunName, ask, print_json, running_stack, wants_json
from cli.exits import Exit
from cli.park import Service, Yes, client_of_service
from cli.stream import Found, Standing, compare, read_stream
from deploy.local.state import StackState
from shared.messaging.topic_reader import TopicReader

ServiceOption = Annotated[Service | None, typer.Option("--service", help="Only this service's reading.")]
TopicOption = Annotated[Service | None, typer.Option("--topic", help="Only what this service publishes.")]
GiveUp = Annotated[
    bool, typer.Option("--give-up", help="Where only a later epoch goes on, leave out for good what waits before it.")
]

_LOOKED_SECONDS = 45
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """One partition of one topic, as one service has read it."""

    service: str
    topic: str
    partition_no: int
    records: int
    applied: int
    waiting: int
    strange: int
    epoch: int
    sequence: int
    end: int
    stopped: str | None
    left_behind: bool
    goes_on_at: int | None
    gives_up: int

    @property
    def key(self) -> tuple[str, str, int]:
        """Return which line it is."""
        return self.service, self.topic, self.partition_no

    def leads_on(self, *, give_up: bool) -> bool:
        """Return whether its reader may be led on, if need be past what will never take effect."""
        return self.goes_on_at is not None and (give_up or not self.gives_up)


def replay(
    *,
    service: ServiceOption = None,
    topic: TopicOption = None,
    give_up: GiveUp = False,
    yes: Yes = False,
    run: RunName = None,
    as_json: Json = False,
) -> None:
    """Read topics from the first record and compare with what each service has applied; exit 1 if any stands still.

    Where one stands still and the event that it misses lies elsewhere in the topic by now, lead it there, and on to the
    next such place: what it has applied is skipped, what follows takes effect once.
    """
    state, console = running_stack(run), Console()

    def read(dueflow: Dueflow) -> Awaitable[list[Line]]:
        return _read(dueflow, state, service, topic)

    lines = ask(state, read)
    mendable = [line for line in lines if line.leads_on(give_up=give_up)]
    if mendable and (yes or (console.is_terminal and typer.confirm(_question(mendable), err=True))):
        lines = ask(state, lambda dueflow: lead_on(dueflow, lines, read=read, give_up=give_up))
    if wants_json(console, chosen=as_json):
        print_json([asdict(line) for line in lines])
    else:
        console.print(_table(lines))
    raise typer.Exit(Exit.DIFFERS if any(line.stopped or line.left_behind for line in lines) else Exit.HELD)


async def _read(dueflow: Dueflow, state: StackState, service: Service | None, publisher: Service | None) -> list[Line]:
    standings = [
        (each, Standing.of(position))
        for each in ([service] if service else list(Service))
        for position in await client_of_service(dueflow, each).stream_positions()
        if publisher is None or position["topic"] == state.topic_prefix + publisher
    ]
    lines: list[Line] = []
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for name in sorted({standing.topic for _, standing in standings}):
            reader = TopicReader(state.bootstrap, name)
            try:
                await reader.start()
                wanted = [(each, standing) for each, standing in standings if standing.topic == name]
                lines += await _read_topic(reader, name, wanted, progress)
            finally:
                await reader.close()
    return sorted(lines, key=lambda line: (line.service, line.topic, line.partition_no))


async def _read_topic(
    reader: TopicReader, name: str, standings: Sequence[tuple[Service, Standing]], progress: Progress
) -> list[Line]:
    ends = await reader.ends()
    bar = progress.add_task(name, total=sum(ends.values()))
    lines: list[Line] = []
    for place in ends:
        stream = await read_stream(reader, place, told=lambda records: progress.advance(bar, records))
        for service, standing in standings:
            if standing.partition_no == place[1]:
                lines.append(_line(service, standing, compare(stream, standing)))
    return lines


def _line(service: Service, standing: Standing, found: Found) -> Line:
    left_behind = found.goes_on_at is not None and found.goes_on_at < standing.next_offset
    stands = standing.stopped_reason is not None or left_behind
    return Line(
        service=service.value,
        topic=standing.topic,
        partition_no=standing.partition_no,
        records=found.records,
        applied=found.applied,
        waiting=found.waiting,
        strange=found.strange,
        epoch=standing.epoch,
        sequence=standing.sequence,
        end=found.end,
        stopped=standing.stopped_reason,
        left_behind=left_behind,
        goes_on_at=found.goes_on_at if stands else None,
        gives_up=found.gives_up if stands else 0,
    )


async def lead_on(
    dueflow: Dueflow, lines: list[Line], *, read: Callable[[Dueflow], Awaitable[list[Line]]], give_up: bool
) -> list[Line]:
    """Lead readers to where their streams go on, again and again while that gets any further; return where they are.

    Records that lie in another order than their numbers make one such place after the other.
    """
    while mendable := [line for line in lines if line.leads_on(give_up=give_up)]:
        await _lead_back(dueflow, mendable)
        before = {(*line.key, line.epoch, line.sequence) for line in mendable}
        lines = await read(dueflow)
        if before <= {(*line.key, line.epoch, line.sequence) for line in lines}:
            break
    return lines


async def _lead_back(dueflow: Dueflow, lines: Sequence[Line]) -> None:
    """Say where to read on, and wait until each worker has read from there as far as it can."""
    for line in lines:
        assert line.goes_on_at is not None, "only where the stream goes on"
        client = client_of_service(dueflow, Service(line.service))
        await client.read_from(line.topic, line.partition_no, offset=line.goes_on_at)
    give_up_at = time.monotonic() + _LOOKED_SECONDS
    with Console(stderr=True).status("the workers look there"):
        while time.monotonic() < give_up_at and any([await _is_on_its_way(dueflow, line) for line in lines]):
            await asyncio.sleep(_LOOK_SECONDS)


async def _is_on_its_way(dueflow: Dueflow, line: Line) -> bool:
    """Return whether the reader has got nowhere yet, or has neither come to the end nor to the next hole."""
    positions = await client_of_service(dueflow, Service(line.service)).stream_positions()
    return any(
        (each["epoch"], each["sequence"]) == (line.epoch, line.sequence)
        or (not each["stopped_reason"] and each["next_offset"] < line.end)
        for each in positions
        if (each["topic"], each["partition_no"]) == (line.topic, line.partition_no)
    )


def _question(lines: Sequence[Line]) -> str:
    places = ", ".join(f"{line.service} in {line.topic}/{line.partition_no} at {line.goes_on_at}" for line in lines)
    given_up = sum(line.gives_up for line in lines)
    never = f" {given_up} events before it will never take effect there." if given_up else ""
    return f"It goes on: {places}.{never} Read on from there?"


def _table(lines: Sequence[Line]) -> Table:
    table = Table("service", "reads", "records", "applied", "waiting", "no events", "")
    for line in lines:
        place = f"{line.topic}/{line.partition_no}"
        counts = (f"{number:,}" for number in (line.records, line.applied, line.waiting, line.strange))
        table.add_row(line.service, place, *counts, escape(" ".join(_said(line))))
    return table


def _said(line: Line) -> Iterator[str]:
    if line.stopped is None and not line.left_behind:
        return
    yield f"stands still: {line.stopped}." if line.stopped else "has read past what comes next."
    if line.goes_on_at is None:
        yield "The topic does not have it: docs/runbooks/stopped-partition.md."
    elif line.gives_up:
        yield f"Only a later epoch goes on, at offset {line.goes_on_at}: --give-up leaves out {line.gives_up} events."
    else:
        yield f"It goes on at offset {line.goes_on_at}."
