"""The ways in which the domain refuses a command: it breaks a rule, the books stand otherwise, or another must act."""

from collections.abc import Mapping


class Refusal(Exception):
    """A command that cannot be carried out; the detail names the rule and never repeats the input."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Invalid(Refusal):
    """The command breaks a rule whatever the books say; `pointer` is the JSON pointer of the place that does."""

    def __init__(self, detail: str, *, pointer: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class FourEyes(Refusal):
    """The command needs another person than the one who gave it."""


class Conflict(Refusal):
    """The command does not fit what the books say now; `balances` are the minor units that stand in its way."""

    def __init__(self, detail: str, *, balances: Mapping[str, int] | None = None) -> None:
        super().__init__(detail)
        self.balances = dict(balances or {})
