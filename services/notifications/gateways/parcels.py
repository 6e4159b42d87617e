"""What is handed over, whatever the channel: exact bytes for one recipient, with their hash (N8)."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from services.notifications.domain.message import Outcome

Key = tuple[UUID, int]
"""A message and the number of the attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A mail, or the request to a text message provider, as it goes over the wire."""

    channel: Literal["email", "sms"] = "email"
    provider: str | None = None
    recipient: str
    content: bytes
    letter_sha256: str | None = None

    @property
    def sha256(self) -> str:
        """Return the hash of the exact content."""
        return hashlib.sha256(self.content).hexdigest()


class Courier(Protocol):
    """Hands parcels over outside of any transaction, and says of each exactly what is known of its fate."""

    async def __call__(self, parcels: Mapping[Key, Parcel], /, *, begin_before: float) -> dict[Key, Outcome]:
        """Hand over; nothing is begun after `begin_before` in monotonic time (N5)."""
        ...


async def hand_over(
    couriers: Mapping[str, Courier], parcels: Mapping[Key, Parcel], *, begin_before: float
) -> dict[Key, Outcome]:
    """Let all couriers go at once, each with the parcels of its channel, and return what came of each parcel."""
    loads = {channel: {key: each for key, each in parcels.items() if each.channel == channel} for channel in couriers}
    ways = [
        courier(loads[channel], begin_before=begin_before) for channel, courier in couriers.items() if loads[channel]
    ]
    return {key: outcome for way in await asyncio.gather(*ways) for key, outcome in way.items()}
