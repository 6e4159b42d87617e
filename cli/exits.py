"""The exit codes of every verb, so that scripts can tell what was found from what went wrong."""

from enum import IntEnum


class Exit(IntEnum):
    """How a verb ended; docs/cli.md lists these."""

    HELD = 0
    DIFFERS = 1
    USAGE = 2
    AWAY = 3
    INTERRUPTED = 130


MEANINGS = {
    Exit.HELD: "Done, and what was asked holds.",
    Exit.DIFFERS: "Something differs, is missing, stands still or waits for a person; or is refused, with a reason.",
    Exit.USAGE: "The command line or a file that it names cannot be read; nothing was done.",
    Exit.AWAY: "What it needs cannot be reached: nothing runs, a server is away, there is no Docker.",
    Exit.INTERRUPTED: "Ctrl-C or SIGTERM ended it.",
}
