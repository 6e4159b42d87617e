"""The company's own account: what was acknowledged to it, from which follows what the services must hold."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.chaos.papers import Sum


@dataclass(slots=True)
class Documents:
    """Documents by their number or reference."""

    invoices: dict[str, Sum] = field(default_factory=dict)
    payments: dict[str, Sum] = field(default_factory=dict)
    refunds: dict[str, Sum] = field(default_factory=dict)
    bounced: set[str] = field(default_factory=set)
    credit_notes: dict[str, Sum] = field(default_factory=dict)
    promises: set[str] = field(default_factory=set)
    disputes: set[str] = field(default_factory=set)
    orders: dict[str, Sum] = field(default_factory=dict)
    """Each order that credit was asked about, whatever it answered."""


@dataclass(slots=True)
class Account(Documents):
    """What was acknowledged; and how the commands fared."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def balances(self) -> Mapping[str, int]:
        """Return what each customer owes, less what lies unapplied to his credit."""
        owed: Counter[str] = Counter()
        for each in self.invoices.values():
            owed[each.customer] += each.minor
        for reference, each in self.payments.items():
            owed[each.customer] -= 0 if reference in self.bounced else each.minor
        for each in self.refunds.values():
            owed[each.customer] += each.minor
        for each in self.credit_notes.values():
            owed[each.customer] -= each.minor
        return owed


@dataclass(slots=True)
class Books(Documents):
    """The same as the databases hold it."""

    balances: dict[str, int] = field(default_factory=dict)


def differences(account: Account, books: Books) -> list[str]:
    """Return each document that only one of the two has, or has otherwise, and each balance that differs."""
    found: list[str] = []
    for noun in ("invoices", "payments", "refunds", "credit_notes", "orders"):
        found += _compare(noun, getattr(account, noun), getattr(books, noun))
    for noun in ("bounced", "promises", "disputes"):
        found += _compare(noun, *(dict.fromkeys(getattr(each, noun), "there") for each in (account, books)))
    # A customer with whom nothing was done owes nothing, on whichever side he is missing.
    return found + _compare("balances", account.balances(), books.balances, missing=lambda: 0)


def _compare(
    noun: str,
    promised: Mapping[str, object],
    held: Mapping[str, object],
    *,
    missing: Callable[[], object] = lambda: None,
) -> list[str]:
    pairs = ((name, promised.get(name, missing()), held.get(name, missing())) for name in sorted({*promised, *held}))
    return [f"{noun} {name}: acknowledged {ours}, held {theirs}" for name, ours, theirs in pairs if ours != theirs]
