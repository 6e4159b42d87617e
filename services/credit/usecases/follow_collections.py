"""Remembers how promises ended, from collections' facts (C2, C6)."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.store.profiles import load_known
from services.credit.usecases.fold_habits import customer_of, open_habits
from shared.messaging.subscription import Received


async def follow_collections(connection: AsyncConnection, batch: Sequence[Received], *, today: date) -> None:
    """Fold events, in order, into the habits of locked customers."""
    known = await load_known(connection, {customer_of(each) for each in batch})
    partitions = {key: each.partition_no for key, each in known.items()}
    habits = await open_habits(connection, batch, partitions=partitions, today=today)
    for received in batch:
        habits.hear(customer_of(received), received)
    await habits.save(connection)
