"""Shows a run while it goes on: live in a terminal, a line per ten days elsewhere."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from typing import Any, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from demo.pulse import Pulse

_PLAIN_EVERY_DAYS = 10

Counts = Callable[[], Mapping[str, int]]


class Display(Protocol):
    """Where the days are shown."""

    def showing(self) -> AbstractContextManager[Any]:
        """Return the context in which it shows."""
        ...

    def day_over(self, day: date) -> None:
        """Show that a day has been lived."""
        ...


def make_display(console: Console, pulse: Pulse, counts: Counts, *, days: int) -> Display:
    """Return the display that fits the console; `counts` tells at any time what was done how often."""
    if console.is_terminal:
        return _Lively(console, pulse, counts, days=days)
    return _Plain(console, pulse, counts, days=days)


class _Lively:
    def __init__(self, console: Console, pulse: Pulse, counts: Counts, *, days: int) -> None:
        self._console = console
        self._pulse = pulse
        self._counts = counts
        columns = (TextColumn("[bold]{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task("the first day", total=days)

    def showing(self) -> AbstractContextManager[Any]:
        return Live(console=self._console, get_renderable=self._picture, refresh_per_second=4)

    def day_over(self, day: date) -> None:
        self._progress.update(self._task, description=f"{day:%a %d %b %Y}", advance=1)

    def _picture(self) -> RenderableType:
        services = Table("service", "events", box=None, pad_edge=False)
        services.columns[1].justify = "right"
        for service, events in self._pulse.events.items():
            services.add_row(service, f"{events:,}")
        done = Table("done", "", "done ", "", box=None, pad_edge=False)
        items = [(what, f"{number:,}") for what, number in sorted(self._counts().items())]
        half = (len(items) + 1) // 2
        for index in range(half):
            right = items[index + half] if index + half < len(items) else ("", "")
            done.add_row(*items[index], *right)
        beside = Table.grid(padding=(0, 6))
        beside.add_row(services, done)
        return Group(self._progress, _pulse_line(self._pulse), beside)


class _Plain:
    def __init__(self, console: Console, pulse: Pulse, counts: Counts, *, days: int) -> None:
        self._console = console
        self._pulse = pulse
        self._counts = counts
        self._days = days
        self._lived = 0

    def showing(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def day_over(self, day: date) -> None:
        self._lived += 1
        if self._lived % _PLAIN_EVERY_DAYS == 0 or self._lived == self._days:
            counts = self._counts()
            told = ", ".join(f"{counts.get(what, 0):,} {what}" for what in ("invoices issued", "payments"))
            line = f"{day} ({self._lived} of {self._days} days): {told}; {_pulse_line(self._pulse)}"
            self._console.print(line, soft_wrap=True)


def _pulse_line(pulse: Pulse) -> str:
    mails = "" if pulse.mails is None else f", {pulse.mails:,} mails caught"
    return f"{sum(pulse.events.values()):,} events, {pulse.per_second:,.0f} a second{mails}"
