"""Two dumps are alike if one naming of the drawn ids makes them equal; who belongs to whom is part of what is said."""

import json
from uuid import UUID

from shared.ids import new_id
from tests.proofs.alike import LEFT_OUT, alike, unlike
from tests.proofs.canonical import Dump, differences


def books(*, of_first: int, of_second: int) -> dict[str, Dump]:
    """Return two invoices with ids of their own, what was paid of each, and an event about the first."""
    first, second, payments = new_id(), new_id(), [new_id(), new_id()]
    event = {"invoice_id": str(first), "number": "R-1", "content_sha256": new_id().hex}
    return {
        "ledger": {
            "invoice": [_row(invoice_id=first, number="R-1"), _row(invoice_id=second, number="R-2")],
            "movement": [
                _row(invoice_id=first, payment_ids=payments, minor=of_first),
                _row(invoice_id=second, payment_ids=payments[:1], minor=of_second),
            ],
            "outbox": [f"0 {new_id()} ledger.invoice-issued.v1 {new_id()} {first} erp {json.dumps(event)}"],
        }
    }


def _row(**values: UUID | list[UUID] | str | int) -> str:
    return json.dumps({**values, "traceparent": new_id().hex}, default=str)


def test_ids_that_were_drawn_anew_make_no_difference() -> None:
    """Invariant 24: nor does what follows from them, by the names that are left out."""
    one, other = (books(of_first=5, of_second=7) for _ in range(2))
    assert differences(one["ledger"], other["ledger"])
    assert not differences(alike(one), alike(other))


def test_another_figure_or_another_owner_of_it_is_a_difference() -> None:
    """Invariant 24: the same figures at other invoices are other books, though each row reads as before."""
    one = alike(books(of_first=5, of_second=7))
    assert differences(one, alike(books(of_first=5, of_second=8)))
    swapped = books(of_first=5, of_second=7)
    tables = dict(swapped["ledger"])
    invoices = [json.loads(row) for row in tables["invoice"]]
    invoices[0]["number"], invoices[1]["number"] = "R-2", "R-1"
    assert differences(one, alike({"ledger": {**tables, "invoice": [json.dumps(each) for each in invoices]}}))


def test_a_row_that_differs_is_told_without_those_that_name_it() -> None:
    """Invariant 24: else one figure would drag along all that speaks of the same invoice."""
    one = books(of_first=5, of_second=7)
    assert unlike(one, books(of_first=5, of_second=7)) == []
    told = [line for line in unlike(one, books(of_first=5, of_second=8)) if not line.startswith(" ")]
    assert told == ["ledger.movement: 2 and 2 rows"]


def test_what_is_left_out_says_why() -> None:
    """Invariant 24: nothing is left out in silence."""
    assert all(len(reason) > 20 for reason in LEFT_OUT.values())
