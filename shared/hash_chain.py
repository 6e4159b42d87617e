"""Chains records by hash, so that whoever reads them again finds each edit, gap, swap and cut tail (L17).

A record's hash is SHA-256 of the hash before it and of the record itself, its number in the chain included. An anchor
is a head of the chain that is kept elsewhere: who rewrites a chain from some record on still contradicts the anchors.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

GENESIS = bytes(32)
ANCHORS = "audit-anchors"
"""The topic, behind the installation's prefix, that keeps the anchors of the ledger's audit."""

Record = Mapping[str, Any]
"""A record's columns; the key `id` names it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain: how many records it has, and the hash that stands for all of them."""

    number: int = 0
    hash: bytes = GENESIS


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The head of a partition's chain as it was at an instant."""

    partition_no: int
    number: int
    hash: bytes
    anchored_at: str

    def body(self) -> bytes:
        """Return the anchor as it is kept."""
        return json.dumps({**asdict(self), "hash": self.hash.hex()}).encode()

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Return a kept anchor; raise ValueError for what is none."""
        try:
            said = json.loads(body)
            return cls(**{**said, "hash": bytes.fromhex(said["hash"])})
        except (TypeError, KeyError) as error:
            raise ValueError("not an anchor") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A place where a chain is not what it was; `record_id` is None where there is no record."""

    partition_no: int
    number: int
    record_id: int | None
    what: str


def extend(head: Head, records: Sequence[Record]) -> list[Head]:
    """Return for each record, in this order, its link behind `head`."""
    links: list[Head] = []
    for record in records:
        number = head.number + 1
        head = Head(number, hash_of(record, number=number, previous=head.hash))
        links.append(head)
    return links


def hash_of(record: Record, *, number: int, previous: bytes) -> bytes:
    """Return the hash of a record at its place: of keys in order, instants in UTC, and text as UTF-8."""
    said = {name: _plain(value) for name, value in record.items()}
    content = json.dumps({"number": number, "record": said}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + content.encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if value is None or isinstance(value, int) else str(value)


@dataclass(slots=True)
class Verification:
    """Reads a partition's chain link by link from its first, and says what is wrong with it."""

    partition_no: int
    anchors: Iterable[Anchor] = ()
    head: Head = field(default_factory=Head)
    anchored: int = 0
    _anchors: dict[int, list[Anchor]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for anchor in self.anchors:
            self._anchors.setdefault(anchor.number, []).append(anchor)
            self.anchored = max(self.anchored, anchor.number)

    def read(self, link: Head, record: Record) -> Iterator[Breach]:
        """Take the next link in order of number; what follows a breach is verified behind the hash as it stands."""
        before, self.head = self.head, link
        if link.number != before.number + 1:
            yield self._breach(before.number + 1, None, f"missing up to number {link.number - 1}")
        elif hash_of(record, number=link.number, previous=before.hash) != link.hash:
            yield self._breach(link.number, record["id"], "the record is not what was sealed here")
        for anchor in self._anchors.get(link.number, ()):
            if anchor.hash != link.hash:
                what = f"the chain was written anew: the anchor of {anchor.anchored_at} has another hash"
                yield self._breach(link.number, record["id"], what)

    def end(self) -> Iterator[Breach]:
        """Say what is missing behind the last link, as far as an anchor knows it."""
        if self.anchored > self.head.number:
            anchor = self._anchors[self.anchored][0]
            what = f"missing up to number {anchor.number}, which the anchor of {anchor.anchored_at} knows"
            yield self._breach(self.head.number + 1, None, what)

    def _breach(self, number: int, record_id: int | None, what: str) -> Breach:
        return Breach(partition_no=self.partition_no, number=number, record_id=record_id, what=what)
