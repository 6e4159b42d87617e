"""The account finds each document that is lost, doubled or otherwise, and each balance that is wrong."""

from dataclasses import replace

import pytest

from tests.chaos.account import Account, Books, differences
from tests.chaos.papers import Sum

_ACCOUNT = Account(
    invoices={"R-1": Sum("F-1", 500), "R-2": Sum("F-2", 300)},
    payments={"P-1": Sum("F-1", 500), "P-2": Sum("F-2", 100)},
    refunds={"G-1": Sum("F-2", 10)},
    bounced={"P-1"},
    credit_notes={"C-1": Sum("F-2", 50)},
    promises={"promise"},
    disputes={"dispute"},
    orders={"O-1": Sum("F-1", 70)},
)
_BOOKS = Books(
    invoices=_ACCOUNT.invoices,
    payments=_ACCOUNT.payments,
    refunds=_ACCOUNT.refunds,
    bounced={"P-1"},
    credit_notes=_ACCOUNT.credit_notes,
    promises={"promise"},
    disputes={"dispute"},
    orders=_ACCOUNT.orders,
    balances={"F-1": 500, "F-2": 160, "F-3": 0},
)


def test_equal_books_differ_in_nothing() -> None:
    """Faults 6.2: what is owed is invoices less payments that stand and were not given back, less credit notes."""
    assert differences(_ACCOUNT, _BOOKS) == []


@pytest.mark.parametrize(
    ("books", "told"),
    [
        (replace(_BOOKS, invoices={"R-1": Sum("F-1", 500)}), "invoices R-2"),
        (replace(_BOOKS, invoices={**_BOOKS.invoices, "R-3": Sum("F-1", 1)}), "invoices R-3"),
        (replace(_BOOKS, payments={**_BOOKS.payments, "P-2": Sum("F-2", 101)}), "payments P-2"),
        (replace(_BOOKS, refunds={}), "refunds G-1"),
        (replace(_BOOKS, bounced=set()), "bounced P-1"),
        (replace(_BOOKS, credit_notes={}), "credit_notes C-1"),
        (replace(_BOOKS, promises=set()), "promises promise"),
        (replace(_BOOKS, disputes={"dispute", "ghost"}), "disputes ghost"),
        (replace(_BOOKS, orders={"O-1": Sum("F-1", 140)}), "orders O-1"),
        (replace(_BOOKS, balances={"F-1": 500, "F-2": 159}), "balances F-2"),
    ],
)
def test_each_difference_is_told(books: Books, told: str) -> None:
    """Faults 2, N and O: lost, made up, or with another sum."""
    [difference] = differences(_ACCOUNT, books)
    assert difference.startswith(f"{told}: ")
