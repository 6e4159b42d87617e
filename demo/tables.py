"""Prints what a run came to: receivables, cases, steps, messages, the check, and what was expected of a file."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.report import CheckLine, Figure, FileFigures, Report

_RECEIVABLES = {
    "not_due": "not due",
    "d1_30": "1-30",
    "d31_60": "31-60",
    "d61_90": "61-90",
    "d91_plus": "91 and more",
    "open": "open",
    "unapplied": "unapplied cash",
    "open_invoices": "open invoices",
    "overdue_invoices": "overdue invoices",
}


def print_report(console: Console, report: Report) -> None:
    """Print all tables of a report that have rows."""
    tables = [
        _done(report),
        _receivables(report),
        _risks(report),
        _cases(report),
        _steps(report),
        _messages(report),
        _letters(report),
    ]
    if report.file is not None:
        tables += file_tables(report.file)
    for table in (*tables, check_table(report.check)):
        if table.row_count:
            console.print(table)
    console.print(_audit_line(report))
    events = ", ".join(f"{each.service} {each.events:,}" for each in report.events)
    total = sum(each.events for each in report.events)
    console.print(
        f"{total:,} events ({events}) in {report.seconds:,.0f} s: {total / max(report.seconds, 1):,.0f} a second"
    )


def file_tables(figures: FileFigures) -> list[Table]:
    """Return the figures of a file, and the rows that were not recorded if there are any."""
    return [_file(figures), _bad_rows(figures)] if figures.bad_rows else [_file(figures)]


def check_table(lines: Sequence[CheckLine]) -> Table:
    """Return the lines of the consistency check, each difference below its line."""
    table = _table("The consistency check", "", "what must hold", "compared", "wrong", numbers_from=2)
    for line in lines:
        mark = "[red]no[/]" if line.wrong else "[green]ok[/]"
        found = "".join(f"\n[red]{escape(difference)}[/]" for difference in line.differences)
        table.add_row(mark, f"{line.sentence}{found}", f"{line.compared:,}", f"{line.wrong:,}")
    return table


def _audit_line(report: Report) -> str:
    audit = report.audit
    proof = "[green]nobody touched them[/]" if audit.holds else "[red]not whole: dueflow audit verify says where[/]"
    return f"{audit.records:,} audit records in {len(audit.chains)} chains, {audit.anchors:,} anchors: {proof}"


def _table(title: str, *columns: str, numbers_from: int = 1) -> Table:
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index >= numbers_from else "left")
    return table


def _done(report: Report) -> Table:
    table = _table(f"What happened from {report.first_day} to {report.last_day}", "what", "times")
    for done in report.done:
        table.add_row(done.what, f"{done.number:,}")
    for refused in report.refused:
        table.add_row(f"[yellow]refused: {refused.what} ({refused.title})[/]", f"{refused.number:,}")
    return table


def _receivables(report: Report) -> Table:
    currencies = [each.currency for each in report.receivables]
    table = _table(f"Receivables on {report.last_day}, by days past due", "", *currencies)
    for name, told in _RECEIVABLES.items():
        figures = [Decimal(getattr(each, name)) for each in report.receivables]
        table.add_row(told, *(f"{figure:,}" for figure in figures), style="bold" if name == "open" else "")
    return table


def _risks(report: Report) -> Table:
    risks = report.risks
    limits = f"limits: {risks.limits_by_hand:,} by hand, {risks.limits_computed:,} computed"
    holds = f"holds: {risks.holds_open:,} open, {risks.holds_lifted:,} lifted"
    table = _table(f"Customers by grade and light; {limits}; {holds}", "grade", "green", "yellow", "red")
    for each in risks.grades:
        table.add_row(each.grade, f"{each.green:,}", f"{each.yellow:,}", f"{each.red:,}")
    return table


def _cases(report: Report) -> Table:
    table = _table("Cases by stage", "stage", "open", "closed")
    for each in report.cases:
        table.add_row(each.stage, f"{each.open:,}", f"{each.closed:,}")
    return table


def _steps(report: Report) -> Table:
    table = _table("Steps of the default playbook, by debts", "step", "happened", "waiting", "passed over")
    for each in report.steps:
        table.add_row(each.step, f"{each.happened:,}", f"{each.waiting:,}", f"{each.passed_over:,}")
    return table


def _messages(report: Report) -> Table:
    table = _table("Messages", "by", "state", "why", "messages", "arrived", numbers_from=3)
    for each in report.messages:
        arrived = f"{each.arrived:,}" if each.arrived else ""
        table.add_row(each.channel, each.state, each.reason or "", f"{each.number:,}", arrived)
    return table


def _letters(report: Report) -> Table:
    table = _table(f"Letters: {report.letters_sent:,} sent as PDF", "", "language", "one of them", numbers_from=3)
    for each in report.letters:
        table.add_row(each.purpose, each.language, each.path)
    return table


def _file(figures: FileFigures) -> Table:
    table = _table(escape(f"{figures.file}, by {figures.mapping}"), "", "found", "expected", "")
    lines: dict[str, Figure | None] = {
        "invoices": figures.invoices,
        f"amount, {figures.currency}": figures.amount,
        "late": figures.late,
        "overdue, by the days": figures.overdue_by_days,
        "overdue, by the events": figures.overdue_events,
    }
    for each in figures.positions:
        lines[f"{each.as_of}: open invoices"] = each.open_invoices
        lines[f"{each.as_of}: open, {figures.currency}"] = each.open
        lines[f"{each.as_of}: overdue invoices"] = each.overdue_invoices
        lines[f"{each.as_of}: overdue, {figures.currency}"] = each.overdue
    for name, figure in lines.items():
        if figure is not None:
            table.add_row(name, figure.found, figure.expected, "" if figure.agrees else "[red]differs[/]")
    return table


def _bad_rows(figures: FileFigures) -> Table:
    table = _table(f"Rows of {escape(figures.file)} that were not recorded", "line", "column", "why", numbers_from=3)
    for row in figures.bad_rows:
        table.add_row(str(row.line), escape(row.column), escape(row.reason))
    return table
