"""Lets a parked customer's queue flow again, or drops the item that stops it, under the consumers' lock (P6)."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.ids import partition_of
from shared.messaging import failures, parking_store, positions
from shared.messaging.applying import parse, refuse_withheld, work
from shared.messaging.customers import lock_customers
from shared.messaging.parking_store import DiscardedItem, ParkedCustomer, ParkedItem
from shared.messaging.positions import DaySeen
from shared.messaging.subscription import Received, Refused, Subscription

log = structlog.get_logger(__name__)

Begin = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


class NotParked(LookupError):
    """This customer's events flow; there is nothing to release or discard."""


@dataclass(frozen=True, slots=True)
class Release:
    """What a release did: everything (`stopped_by` is None), or nothing, because one item stops it still."""

    applied: int
    stopped_by: int | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class Parking:
    """The queues of one service's parked customers."""

    begin: Begin
    subscription: Subscription
    partitions: int

    async def parked(self, *, limit: int = 500) -> list[ParkedCustomer]:
        """Return who is parked, the longest first."""
        async with self.begin() as connection:
            return await parking_store.parked_customers(connection, limit=limit)

    async def queue(self, customer_id: UUID) -> list[ParkedItem]:
        """Return what waits for this customer, in order."""
        async with self.begin() as connection:
            return await parking_store.items_of(connection, customer_id)

    async def discarded(self, customer_id: UUID) -> list[DiscardedItem]:
        """Return what was given up of this customer's queue, in its order."""
        async with self.begin() as connection:
            return await parking_store.discarded_of(connection, customer_id)

    async def discard(self, customer_id: UUID, item_id: int, *, actor: str, reason: str | None) -> None:
        """Give one item up for good, and keep it with the reason; raise NotParked where it does not wait."""
        async with self.begin() as connection:
            items = await self._locked_items(connection, customer_id)
            if item_id not in {item.item_id for item in items}:
                msg = f"item {item_id} does not wait for this customer"
                raise NotParked(msg)
            await parking_store.discard(connection, item_id, actor=actor, reason=reason)
        log.warning("parking.discarded", customer_id=str(customer_id), item=item_id, actor=actor, reason=reason)

    async def release(self, customer_id: UUID, *, actor: str) -> Release:
        """Apply the whole queue in order and let the customer's events flow; one bad item leaves all as it was."""
        failed: tuple[ParkedItem, str] | None = None
        applied = 0
        try:
            async with self.begin() as connection:
                items = await self._locked_items(connection, customer_id)
                for item in items:
                    failed = (item, "")
                    await self._apply(connection, customer_id, item)
                await parking_store.remove(connection, [item.item_id for item in items])
                await parking_store.unpark(connection, customer_id)
                failed, applied = None, len(items)
        except Exception as error:
            if failed is None or not failures.is_bad_by_itself(error):
                raise
            failed = (failed[0], failures.cause_of(error))
        if failed is not None:
            await self._note(failed[0], failed[1])
            return Release(0, failed[0].item_id, failed[1])
        log.info("parking.released", customer_id=str(customer_id), items=applied, actor=actor)
        return Release(applied, None, None)

    async def _note(self, item: ParkedItem, cause: str) -> None:
        async with self.begin() as connection:
            await parking_store.set_cause(connection, item.item_id, cause)

    async def _locked_items(self, connection: AsyncConnection, customer_id: UUID) -> Sequence[ParkedItem]:
        locked = await lock_customers(connection, [customer_id], partitions=self.partitions)
        if locked[customer_id].parked_at is None:
            msg = "this customer is not parked"
            raise NotParked(msg)
        return await parking_store.items_of(connection, customer_id)

    async def _apply(self, connection: AsyncConnection, customer_id: UUID, item: ParkedItem) -> None:
        partition_no = partition_of(customer_id, self.partitions)
        if item.day is not None:
            seen = DaySeen(item.day, item.day, item.envelope, worked=False)
            await work(connection, self.subscription, seen, partition_no, [customer_id])
            return
        model = self.subscription.accepts.get(item.envelope.wire)
        if model is None:
            msg = f"{item.envelope.wire} is a version that this service does not know yet"
            raise Refused(msg)
        refuse_withheld(item.envelope)
        received = Received(parse(model, item.body), item.envelope)
        seen = await positions.read_day(connection, partition_no)
        await self.subscription.apply(connection, [received], today=seen.day or item.envelope.business_date)
