"""What `make demo` found, as `var/demo/report.json` holds it; `docs/report.md` is made from these models."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[str, Field(description="Decimal amount as text", pattern=r"^-?[0-9]+([.][0-9]+)?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Receivables(_Part):
    """What is owed in one currency at the end of the last day, by days past due."""

    currency: Annotated[str, Field(description="ISO 4217")]
    open: Annotated[Amount, Field(description="All open amounts: the sum of the buckets")]
    not_due: Annotated[Amount, Field(description="Due on the last day or later")]
    d1_30: Annotated[Amount, Field(description="1 to 30 days past due")]
    d31_60: Annotated[Amount, Field(description="31 to 60 days past due")]
    d61_90: Annotated[Amount, Field(description="61 to 90 days past due")]
    d91_plus: Annotated[Amount, Field(description="91 days past due or more")]
    overdue: Annotated[Amount, Field(description="The four buckets past due")]
    unapplied: Annotated[Amount, Field(description="Money received that settles no debt yet")]
    open_invoices: Annotated[int, Field(description="Invoices with something open")]
    overdue_invoices: Annotated[int, Field(description="Invoices with something overdue")]


class StageCases(_Part):
    """Cases by the stage in which they stand, or stood when they were closed."""

    stage: Annotated[str, Field(description="salesperson, manager, legal, proceedings")]
    open: Annotated[int, Field(description="Cases open at the end")]
    closed: Annotated[int, Field(description="Cases closed during the run")]


class StepTimes(_Part):
    """A step of the default playbook and how often it happened, counted by debts."""

    step: Annotated[str, Field(description="The step's code in the playbook")]
    happened: Annotated[int, Field(description="Debts for which it was sent, assigned or done")]
    waiting: Annotated[int, Field(description="Debts for which it is planned or waits for approval")]
    passed_over: Annotated[
        int, Field(description="Debts for which it was withdrawn, refused, superseded or undeliverable")
    ]


class GradeLights(_Part):
    """Registered customers of one grade, by their traffic light."""

    grade: Annotated[str, Field(description="A, B, C, D, or none")]
    green: Annotated[int, Field(description="As usual")]
    yellow: Annotated[int, Field(description="Shorter terms")]
    red: Annotated[int, Field(description="In advance, or security")]


class Risks(_Part):
    """How credit sees the customers at the end."""

    grades: Annotated[list[GradeLights], Field(description="By grade and light")]
    limits_by_hand: Annotated[int, Field(description="Limits that a person gave")]
    limits_computed: Annotated[int, Field(description="Limits that follow from what is known")]
    holds_open: Annotated[int, Field(description="Customers to whom nothing is delivered")]
    holds_lifted: Annotated[int, Field(description="Holds that ended")]


class MessageCount(_Part):
    """Messages of a channel that came to the same end for the same reason."""

    channel: Annotated[str, Field(description="email, sms")]
    state: Annotated[str, Field(description="sent, withheld, withdrawn, failed, unknown, waiting, ...")]
    reason: Annotated[str | None, Field(description="Why it was withheld, withdrawn, failed or waits")]
    number: Annotated[int, Field(description="How many messages")]
    arrived: Annotated[
        int, Field(description="How many of them arrived, by a receipt or, where letters are served, by time")
    ]


class LetterFile(_Part):
    """A letter as PDF, beside the report."""

    purpose: Annotated[str, Field(description="reminder, second_reminder, formal_demand, lawyer_letter")]
    language: Annotated[str, Field(description="zh, en")]
    path: Annotated[str, Field(description="Where it lies, from the report's folder")]


class Done(_Part):
    """Something that the simulated company or its debtors did."""

    what: Annotated[str, Field(description="Such as 'invoices issued', 'promises', 'payments bounced'")]
    number: Annotated[int, Field(description="How often it was done and accepted")]


class RefusedCall(_Part):
    """A call that a service refused, with the title of its problem."""

    what: Annotated[str, Field(description="What was asked for")]
    title: Annotated[str, Field(description="The title of the problem")]
    number: Annotated[int, Field(description="How often")]


class CheckLine(_Part):
    """One line of the consistency check."""

    check: Annotated[str, Field(description="Its name")]
    invariant: Annotated[str, Field(description="Its number in section 6 of the fault list")]
    sentence: Annotated[str, Field(description="What must hold")]
    compared: Annotated[int, Field(description="How many things were compared")]
    wrong: Annotated[int, Field(description="How many of them differed")]
    differences: Annotated[list[str], Field(description="The first twenty differences, by id and figure")]


class AuditChain(_Part):
    """The chain of audit records of one partition."""

    partition_no: Annotated[int, Field(description="The partition")]
    records: Annotated[int, Field(description="Records in the chain: the number of its last")]
    anchored: Annotated[int, Field(description="The last number that an anchor outside of the database vouches for")]
    head: Annotated[str, Field(description="The hash of the last record, which stands for all: 64 hexadecimal digits")]


class AuditProof(_Part):
    """What `dueflow audit verify` finds at the end of the run."""

    holds: Annotated[bool, Field(description="Whether no record was edited, swapped or removed, and none waits")]
    records: Annotated[int, Field(description="Records in all chains")]
    anchors: Annotated[
        int, Field(description="Heads that were kept outside of the database, and with which they agree")
    ]
    chains: Annotated[list[AuditChain], Field(description="One for each partition")]


class RefusedRow(_Part):
    """A row of the file that could not be recorded."""

    line: Annotated[int, Field(description="Its line in the file; the header is line 1")]
    column: Annotated[str, Field(description="The file's name of the column; empty for the row as a whole")]
    reason: Annotated[str, Field(description="Why; never what the cell holds")]


class Figure(_Part):
    """A figure as the system gives it, beside the one counted straight from the file."""

    found: Annotated[str, Field(description="By the system: a count, or an amount in the file's currency")]
    expected: Annotated[str, Field(description="Counted from the file by other code")]
    agrees: Annotated[bool, Field(description="Whether they are equal")]


class FilePosition(_Part):
    """What was open and overdue at the end of a day."""

    as_of: Annotated[date, Field(description="The day")]
    open_invoices: Annotated[Figure, Field(description="Issued by then and not settled by then")]
    open: Annotated[Figure, Field(description="Their amount")]
    overdue_invoices: Annotated[Figure, Field(description="Those of them that were due before the day")]
    overdue: Annotated[Figure, Field(description="Their amount")]


class FileFigures(_Part):
    """A run of a user's file: what it held, and whether the system tells the same of it."""

    file: Annotated[str, Field(description="The file's name, without its folder")]
    mapping: Annotated[str, Field(description="The mapping by which it was read")]
    currency: Annotated[str, Field(description="ISO 4217")]
    rows: Annotated[int, Field(description="Rows of the file, good and bad")]
    bad_rows: Annotated[list[RefusedRow], Field(description="Rows that were not recorded, and why")]
    invoices: Annotated[Figure, Field(description="Invoices recorded")]
    amount: Annotated[Figure, Field(description="Their total")]
    late: Annotated[Figure, Field(description="Invoices settled after their due date, or past it at the end")]
    overdue_by_days: Annotated[
        Figure | None,
        Field(
            description="Overdue instalments summed over all business days; null where days were open before the run"
        ),
    ]
    overdue_events: Annotated[
        Figure, Field(description="InvoiceOverdue events of late invoices in the ledger's topic: once for each")
    ]
    positions: Annotated[list[FilePosition], Field(description="On the mapping's report dates")]


class ServiceEvents(_Part):
    """How many events a service published."""

    service: Annotated[str, Field(description="credit, ledger, collections, notifications")]
    events: Annotated[int, Field(description="Different events in its topic")]


class Addresses(_Part):
    """Where to look while the run is up."""

    apis: Annotated[dict[str, str], Field(description="By service: the page of its API")]
    mail: Annotated[str | None, Field(description="The page of the caught mail")]


class Report(_Part):
    """A run of the demo."""

    kind: Annotated[Literal["year", "file"], Field(description="The simulated year, or a user's file")]
    seed: Annotated[int | None, Field(description="What decided all chance of the simulated year")]
    first_day: Annotated[date, Field(description="The first business day")]
    last_day: Annotated[date, Field(description="The business day that is open at the end")]
    seconds: Annotated[float, Field(description="How long the days took, without starting and checking")]
    customers: Annotated[int, Field(description="Customers")]
    done: Annotated[list[Done], Field(description="What happened, through the public API")]
    refused: Annotated[list[RefusedCall], Field(description="What the services refused")]
    receivables: Annotated[list[Receivables], Field(description="By currency")]
    risks: Annotated[Risks, Field(description="Grades, lights, limits and holds")]
    cases: Annotated[list[StageCases], Field(description="By stage")]
    steps: Annotated[list[StepTimes], Field(description="Every step of the default playbook, in its order")]
    messages: Annotated[list[MessageCount], Field(description="Sent, withheld and why")]
    mails_caught: Annotated[int | None, Field(description="Mails in the mailbox; null if mail went to a real server")]
    texts_caught: Annotated[
        int | None, Field(description="Text messages in the mailbox; null if mail went to a real server")
    ]
    letters_sent: Annotated[int, Field(description="Formal mails that were sent; each carries its letter as PDF")]
    letters: Annotated[list[LetterFile], Field(description="A letter of each kind that was sent, in each language")]
    events: Annotated[list[ServiceEvents], Field(description="By service")]
    check: Annotated[list[CheckLine], Field(description="The consistency check")]
    check_holds: Annotated[bool, Field(description="Whether every line of it holds")]
    audit: Annotated[AuditProof, Field(description="The ledger's audit, verified link by link")]
    file: Annotated[FileFigures | None, Field(description="Only for a run of a file")]
    holds: Annotated[
        bool, Field(description="Whether the check holds and, for a file, every figure agrees: exit code 0")
    ]
    addresses: Annotated[Addresses, Field(description="Where to look")]
