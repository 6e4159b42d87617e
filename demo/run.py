"""Runs the demo from nothing to its report: a stack of its own on the fast clock, the days, the check, the tables."""

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from dueflow_client import Dueflow
from rich.console import Console

from checker.everything import check_everything
from demo import year
from demo.chance import Chance
from demo.connect import client_of, colleague_of, installation_of
from demo.display import Counts, make_display
from demo.fast_clock import FastClock
from demo.file_figures import file_figures
from demo.file_run import FileRun
from demo.house import COMPANY, House
from demo.metrics import StackMetrics
from demo.pulse import Pulse
from demo.report import Report
from demo.reporting import Run, make_report
from demo.rows import Reading
from demo.tables import print_report
from deploy.docker.compose import require_docker
from deploy.docker.stack import ComposeStack
from deploy.local.runner import LocalStack
from deploy.local.servers import KAFKA_VARIABLE, POSTGRES_VARIABLE
from deploy.local.state import RUNS, AlreadyRunning, StackState, is_running, load_state

ROOT = RUNS / "demo"
PARTITIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The simulated year, or its first days."""

    seed: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFile:
    """A user's file, read."""

    path: Path
    reading: Reading


async def run_demo(
    console: Console, story: Year | UserFile, *, stays: bool, in_containers: bool = False, root: Path = ROOT
) -> int:
    """Live the story on a fresh stack, report, stay up if asked to, and return 0 if everything held; or `NoDocker`."""
    if is_running(root):
        raise AlreadyRunning("a demo is running: end it with `make down`")
    if in_containers:
        require_docker()
    shutil.rmtree(root, ignore_errors=True)
    async with _fresh_stack(console, root, stays=stays, in_containers=in_containers) as stack:
        state = load_state(root)
        async with client_of(state) as dueflow:
            if isinstance(story, Year):
                report = await _live_year(console, story, dueflow, state, root)
            else:
                report = await _play_file(console, story, dueflow, state, root)
        written = root / "report.json"
        written.write_text(report.model_dump_json(indent=2), encoding="utf-8")
        print_report(console, report)
        console.print(f"report: {written}")
        console.print("[green]every check held[/]" if report.holds else "[red]not everything held[/]")
        if stays:
            if isinstance(stack, LocalStack):
                await stack.start_checker()
            _say_where(console, report)
            await asyncio.get_running_loop().create_future()
    return 0 if report.holds else 1


def _fresh_stack(console: Console, root: Path, *, stays: bool, in_containers: bool) -> LocalStack | ComposeStack:
    if in_containers:
        return ComposeStack(root, partitions=PARTITIONS, fast_clock=True, tell=console.print)
    return LocalStack(
        root, partitions=PARTITIONS, fast_clock=True, prefix=_prefix(), usual_ports=stays, tell=console.print
    )


def _prefix() -> str:
    """Return a name of its own on servers that are not ours: what lies there from other runs stays untouched."""
    named = POSTGRES_VARIABLE in os.environ or KAFKA_VARIABLE in os.environ
    return f"demo_{secrets.token_hex(4)}" if named else "dueflow"


async def _live_year(console: Console, story: Year, dueflow: Dueflow, state: StackState, root: Path) -> Report:
    async with (
        StackMetrics(worker_urls=state.worker_urls, api_urls=state.api_urls) as metrics,
        colleague_of(state) as colleague,
    ):
        house = House(dueflow, Chance(story.seed), colleague)
        lived = year.live(house, FastClock(dueflow, metrics), days=story.days)
        seconds = await _show(console, Pulse(state, metrics), lived, house.tally.counts, days=story.days)
    run = Run(
        entity=COMPANY["code"],
        first_day=year.FIRST_DAY,
        last_day=year.FIRST_DAY + timedelta(days=story.days),
        seconds=seconds,
        customers=year.CUSTOMERS,
        seed=story.seed,
        done=house.tally.done,
        refused=house.tally.refused,
    )
    verdict = await check_everything(installation_of(state, dueflow))
    return await make_report(run, verdict, dueflow, state, root=root)


async def _play_file(console: Console, story: UserFile, dueflow: Dueflow, state: StackState, root: Path) -> Report:
    playing = FileRun(dueflow, story.reading)
    days = (playing.last_day - playing.first_day).days + 1
    async with StackMetrics(worker_urls=state.worker_urls, api_urls=state.api_urls) as metrics:
        seconds = await _show(console, Pulse(state, metrics), playing.play(), playing.counts, days=days)
    run = Run(
        entity=story.reading.mapping.entity.code,
        first_day=playing.first_day,
        last_day=playing.last_day,
        seconds=seconds,
        customers=len({row.customer_number for row in story.reading.rows}),
        done=playing.counts(),
    )
    verdict = await check_everything(installation_of(state, dueflow))
    return await make_report(
        run, verdict, dueflow, state, root=root, file=await file_figures(story.path, playing, verdict)
    )


async def _show(console: Console, pulse: Pulse, lived: AsyncIterator[date], counts: Counts, *, days: int) -> float:
    """Show day after day while it is lived, and return how long all of it took."""
    watching = asyncio.create_task(pulse.watch())
    display = make_display(console, pulse, counts, days=days)
    began = time.monotonic()
    try:
        with display.showing():
            async for day in lived:
                display.day_over(day)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    return time.monotonic() - began


def _say_where(console: Console, report: Report) -> None:
    for service, url in report.addresses.apis.items():
        console.print(f"{service}: {url}")
    if report.addresses.mail is not None:
        console.print(f"caught mail: {report.addresses.mail}")
    console.print("everything stays up until Ctrl-C")
