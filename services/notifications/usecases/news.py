"""What a batch of events says, gathered so that each row is written once."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.notifications.domain.message import Message

Row = dict[str, Any]


@dataclass(slots=True)
class News:
    """Rows by their keys, in the order heard: what is new, and what last became of what was known before."""

    partitions: int
    creditors: dict[str, Row] = field(default_factory=dict)
    debts: dict[UUID, Row] = field(default_factory=dict)
    moves: dict[UUID, Row] = field(default_factory=dict)
    rests: dict[UUID, Row] = field(default_factory=dict)
    rest_ends: dict[UUID, date | None] = field(default_factory=dict)
    credits_decided: dict[UUID, int] = field(default_factory=dict)
    messages: dict[UUID, Message] = field(default_factory=dict)
    withdrawals: dict[UUID, str] = field(default_factory=dict)
    customers: set[UUID] = field(default_factory=set)
