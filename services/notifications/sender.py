"""The sender: claims what is due, hands it to the couriers outside of any transaction, settles what came of it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from services.notifications.consumers import SENDER
from services.notifications.domain.message import Outcome
from services.notifications.gateways.parcels import Courier, hand_over
from services.notifications.leftovers import Leftovers
from services.notifications.mute import Mute
from services.notifications.store import claims
from services.notifications.store.attempts import AttemptKey
from services.notifications.usecases.claim_messages import Claimed, Gate, claim_messages
from services.notifications.usecases.day_to_be_reached import day_to_be_reached
from services.notifications.usecases.desk import Desk
from services.notifications.usecases.load_templates import load_templates
from services.notifications.usecases.settle_attempts import settle_attempts
from shared.crash import crash_point
from shared.messaging import failures
from shared.messaging.kafka import KafkaAway
from shared.service import Context
from shared.tasks import to_its_end

BATCH = 64
FRESH_SECONDS = 10
"""A parcel that is not begun this long after its positions were asked for is decided on anew (faults 6.13)."""

_CIVIL_POLL_SECONDS = 1.0
_FAST_POLL_SECONDS = 0.05
_TROUBLE_SECONDS = 1.0
_ASIDE = timedelta(hours=1)
_LAST_SECONDS = 15
"""How long a sender that is told to stop may go on with what it has claimed; supervisors kill after twenty."""

ATTEMPTS = Counter("dueflow_mail_attempts", "Attempts to hand over a message, by what came of them.", ("outcome",))

log = structlog.get_logger(__name__)


class Sender:
    """Runs in each worker; what keeps several from sending the same is the database, never this object."""

    def __init__(self, context: Context, desk: Desk, couriers: Mapping[str, Courier]) -> None:
        self._context = context
        self._desk = desk
        self._couriers = couriers
        self._leftovers = Leftovers(context, desk, self._settle)
        self._mute = Mute(context, desk)

    async def run(self) -> None:
        """Send for ever; while Kafka or the database is away nothing is known, so nothing is sent."""
        loaded = False
        poll = _FAST_POLL_SECONDS if self._desk.fast_clock else _CIVIL_POLL_SECONDS
        while True:
            try:
                loaded = loaded or await self._load()
                busy = await self.round()
            except (KafkaAway, SQLAlchemyError, OSError) as error:
                log.warning("sender.waits", cause=type(error).__name__)
                await asyncio.sleep(_TROUBLE_SECONDS)
            else:
                if not busy:
                    await self._context.wake.wait(SENDER, seconds=poll)

    async def round(self) -> bool:
        """Claim, send and settle once; return whether anything was decided."""
        await self._leftovers.look()
        if await self._mute.holds():
            return False
        begin_before = time.monotonic() + FRESH_SECONDS
        due = await self._due()
        return due is not None and await to_its_end(self._send(*due, begin_before), seconds=_LAST_SECONDS)

    async def _send(self, customers: Sequence[UUID], gate: Gate, begin_before: float) -> bool:
        """Claim, hand over, settle: what is claimed is in the hands of this process, and not left there."""
        claimed = await self._claim(customers, gate)
        if not claimed.decided:
            return False
        crash_point("sender.after_claim")
        outcomes = await hand_over(self._couriers, claimed.parcels, begin_before=begin_before)
        crash_point("sender.before_settle")
        await self._settle(outcomes)
        await self._context.wake.outbox()
        return True

    async def _load(self) -> bool:
        async with self._context.begin() as connection:
            await load_templates(connection, at=self._now())
        return True

    async def _due(self) -> tuple[Sequence[UUID], Gate] | None:
        """Return whose messages are due, with how far their partitions are applied; None where nothing is."""
        now = self._now()
        async with self._context.reading.connect() as connection:
            today = await day_to_be_reached(connection, fast_clock=self._desk.fast_clock, now=now)
            partitions = await claims.due_partitions(connection, now=now, today=today)
        gates = self._context.gates
        if not partitions or gates is None:
            return None
        ends = await gates.applied_to_end(topics=self._desk.topics.keys(), partitions=partitions)
        async with self._context.reading.connect() as connection:
            customers = await claims.due_customers(connection, partitions=sorted(ends), now=now, limit=BATCH)
        return customers, Gate(ends=ends, asked_at=now)

    async def _claim(self, customers: Sequence[UUID], gate: Gate) -> Claimed:
        """Claim for these customers; one whose messages cannot be stored is found by halving, and stops no other."""
        try:
            async with self._context.begin() as connection:
                await self._mute.check(connection)
                return await claim_messages(connection, customers, gate=gate, desk=self._desk, now=self._now())
        except Exception as error:
            if not failures.is_bad_by_itself(error):
                raise
            if len(customers) == 1:
                return await self._set_aside(customers[0], failures.cause_of(error))
        middle = len(customers) // 2
        first = await self._claim(customers[:middle], gate)
        second = await self._claim(customers[middle:], gate)
        return Claimed(claims=[*first.claims, *second.claims], decided=first.decided + second.decided)

    async def _set_aside(self, customer_id: UUID, cause: str) -> Claimed:
        log.error("sender.cannot_claim", customer_id=str(customer_id), cause=cause)
        async with self._context.begin() as connection:
            await claims.postpone(connection, customer_id, until=self._now() + _ASIDE)
        return Claimed(claims=(), decided=0)

    async def _settle(self, outcomes: Mapping[AttemptKey, Outcome]) -> None:
        """Store what is known, however long the database is away: only this process knows it."""
        while outcomes:
            try:
                async with self._context.begin() as connection:
                    await settle_attempts(connection, outcomes, desk=self._desk, now=self._now())
            except (SQLAlchemyError, OSError) as error:
                log.warning("sender.cannot_settle", attempts=len(outcomes), cause=type(error).__name__)
                await asyncio.sleep(_TROUBLE_SECONDS)
            else:
                for outcome in outcomes.values():
                    ATTEMPTS.labels(outcome.kind).inc()
                return

    def _now(self) -> datetime:
        return self._context.clock.now()
