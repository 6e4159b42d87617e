"""Shows the journal and the balances of its accounts, on the screen or as a table for the general ledger (L14)."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from services.ledger.api.csv_cells import ALSO_CSV, Cell, amount, csv_response, csv_stream, wants_csv
from services.ledger.api.reading import EntityFilter, past_day
from services.ledger.gateways.charts import account_names
from services.ledger.store.journal_reading import AccountBalance, Entry, JournalFilter, balances, entries
from shared.money import format_amount
from shared.service import Context
from shared.web.cursor import Listing, Page, Position
from shared.web.keys import Reader
from shared.web.models import AmountText, BusinessDate
from shared.web.routing import router

_PORTION = 2000


class PostingShown(BaseModel):
    """One side of an entry; one of the two amounts is zero."""

    account: str
    debit: AmountText
    credit: AmountText


class EntryShown(BaseModel):
    """A balanced entry of one document, posted on the day that was open."""

    entry_id: UUID
    entity: str
    currency: str
    customer_id: UUID
    posting_date: date
    effective_date: date
    document_kind: str
    document_id: UUID
    document_number: str
    recorded_at: datetime
    postings: list[PostingShown]


class AccountShown(BaseModel):
    """What was posted to an account; `balance` is its debits less its credits."""

    entity: str
    currency: str
    account: str
    name: str
    debit: AmountText
    credit: AmountText
    balance: AmountText


class TrialBalance(BaseModel):
    """All accounts at the end of `as_of`; within each entity and currency the balances add up to zero."""

    as_of: date
    items: list[AccountShown]


def _range(
    entity: EntityFilter = None,
    first: Annotated[BusinessDate | None, Query(alias="from", description="Posted on this day or later.")] = None,
    last: Annotated[BusinessDate | None, Query(alias="to", description="Posted on this day or earlier.")] = None,
) -> JournalFilter:
    return JournalFilter(entity=entity, first=first, last=last)


Asked = Annotated[JournalFilter, Depends(_range)]


def journal_router(context: Context) -> APIRouter:
    """Return the journal and the trial balance."""
    routes = router(prefix="/v1", tags=["reports"])

    @routes.get("/journal", response_model=Page[EntryShown], responses=ALSO_CSV)
    async def journal(_caller: Reader, request: Request, paging: Listing, asked: Asked) -> Response | Page[EntryShown]:
        """List the entries in the order of their posting; as CSV, all of them, with a row for each posting."""
        if wants_csv(request):
            return csv_stream(_portions(context, asked), name="journal")
        async with context.reading.connect() as connection:
            rows = await entries(connection, asked, limit=paging.limit + 1, after=_after(paging.after))
        return Page(
            items=[_entry(each) for each in rows[: paging.limit]], next_cursor=paging.next_cursor(rows, _position)
        )

    @routes.get("/trial-balance", response_model=TrialBalance, responses=ALSO_CSV)
    async def trial_balance(
        _caller: Reader, request: Request, as_of: BusinessDate | None = None, entity: EntityFilter = None
    ) -> Response | TrialBalance:
        """Tell the balance of every account at the end of `as_of`, which is the open day unless given."""
        async with context.reading.connect() as connection:
            day = await past_day(connection, as_of)
            found = await balances(connection, as_of=day, entity=entity)
        if wants_csv(request):
            return csv_response(_balance_table(found), name=f"trial-balance-{day}")
        return TrialBalance(
            as_of=day, items=[AccountShown.model_validate(_balance(each, format_amount)) for each in found]
        )

    return routes


def _entry(entry: Entry) -> EntryShown:
    return EntryShown.model_validate({**_head(entry), "postings": list(_postings(entry, format_amount))})


def _head(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in EntryShown.model_fields if name != "postings"}


def _postings(entry: Entry, written: Callable[[int, str], Cell]) -> Iterator[dict[str, Cell]]:
    for each in entry.postings:
        debit, credit = max(each.amount_minor, 0), max(-each.amount_minor, 0)
        yield {
            "account": each.account,
            "debit": written(debit, entry.currency),
            "credit": written(credit, entry.currency),
        }


def _position(entry: Entry) -> Position:
    return [str(entry.posting_date), entry.entity, str(entry.entry_id)]


def _after(position: Position | None) -> tuple[date, str, UUID] | None:
    if position is None:
        return None
    day, entity, entry_id = (str(part) for part in position)
    return date.fromisoformat(day), entity, UUID(entry_id)


async def _portions(context: Context, asked: JournalFilter) -> AsyncIterator[list[Sequence[Cell]]]:
    """Each portion is a transaction of its own: a slow reader must not keep a connection."""
    head = [name for name in EntryShown.model_fields if name != "postings"]
    yield [[*head, *PostingShown.model_fields]]
    after: tuple[date, str, UUID] | None = None
    while True:
        async with context.reading.connect() as connection:
            rows = await entries(connection, asked, limit=_PORTION, after=after)
        yield [[*_head(each).values(), *posting.values()] for each in rows for posting in _postings(each, amount)]
        if len(rows) < _PORTION:
            return
        after = rows[-1].posting_date, rows[-1].entity, rows[-1].entry_id


def _balance(found: AccountBalance, written: Callable[[int, str], Cell]) -> dict[str, Cell]:
    return {
        "entity": found.entity,
        "currency": found.currency,
        "account": found.account,
        "name": account_names(found.accounts)[found.account],
        "debit": written(found.debit_minor, found.currency),
        "credit": written(found.credit_minor, found.currency),
        "balance": written(found.balance_minor, found.currency),
    }


def _balance_table(found: Sequence[AccountBalance]) -> Iterator[Sequence[Cell]]:
    yield list(AccountShown.model_fields)
    for each in found:
        yield list(_balance(each, amount).values())
