"""Makes the identifiers of the house: UUIDv7 for requests, UUIDv5 for what has a number or follows from a cause."""

import json
import os
import time
from hashlib import blake2b
from typing import NewType
from uuid import UUID, uuid5

CustomerId = NewType("CustomerId", UUID)
InvoiceId = NewType("InvoiceId", UUID)
InstalmentId = NewType("InstalmentId", UUID)
PaymentId = NewType("PaymentId", UUID)

_CUSTOMER_NUMBERS = UUID("6f2b0c4e-6c0a-5d61-9a55-0d6f6c7565a1")
_DOCUMENT_NUMBERS = UUID("0c0f6c2e-1d0b-5b0e-8a0e-3f5d2f6b7a94")


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits. Never order by it."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return UUID(int=value)


def derived_id(cause: UUID, kind: str, ordinal: int | str = 0) -> UUID:
    """Return the id of what `cause` makes: the same cause, kind and ordinal always give the same id."""
    return uuid5(cause, f"{kind}/{ordinal}")


def customer_id_of(customer_number: str) -> CustomerId:
    """Return the id of the customer whom the ERP knows as `customer_number`; no service has to ask another for it."""
    return CustomerId(uuid5(_CUSTOMER_NUMBERS, customer_number))


def document_id_of(kind: str, *number: str) -> UUID:
    """Return the id of the document that the company knows by this number: said again, it is the same one (L2)."""
    return uuid5(_DOCUMENT_NUMBERS, json.dumps([kind, *number]))


def partition_of(customer_id: UUID, partitions: int) -> int:
    """Return the partition (0 .. partitions-1) that holds everything about this customer, on every topic."""
    return int.from_bytes(blake2b(customer_id.bytes, digest_size=8).digest()) % partitions
