"""Cuts an imported file into numbered lines of text, and refuses at once what is no text file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MAX_LINE_BYTES = 1024 * 1024
PORTION_LINES = 500
PORTION_CHARACTERS = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class NotText(ValueError):
    """The file as a whole cannot be read; the message names the line and what to do, never the content."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line with the number that an editor shows for it."""

    number: int
    text: str


@dataclass(slots=True)
class LineCutter:
    """Takes the file's bytes as they come and gives its lines; blank lines count but are left out.

    A record is a line: no value of ours spans lines, so a stray quote costs one row and not the rest of the file.
    """

    byte_order_mark: bool = False
    _rest: bytes = b""
    _number: int = field(default=0)

    def feed(self, data: bytes) -> Iterator[Line]:
        """Give the lines that `data` completes."""
        *complete, self._rest = (self._rest + data).split(b"\n")
        for raw in complete:
            yield from self._line(raw)
        if len(self._rest) > MAX_LINE_BYTES:
            raise NotText(f"line {self._number + 1} is longer than {MAX_LINE_BYTES} bytes")

    def end(self) -> Iterator[Line]:
        """Give the last line where the file does not end with a line break."""
        if self._rest:
            yield from self._line(self._rest)
            self._rest = b""

    def _line(self, raw: bytes) -> Iterator[Line]:
        self._number += 1
        if self._number == 1 and self.byte_order_mark:
            raw = raw.removeprefix(_BOM)
        text = self._decoded(raw.removesuffix(b"\r"))
        if text.strip():
            yield Line(self._number, text)

    def _decoded(self, raw: bytes) -> str:
        if len(raw) > MAX_LINE_BYTES:
            raise NotText(f"line {self._number} is longer than {MAX_LINE_BYTES} bytes")
        if b"\x00" in raw:
            raise NotText(f"line {self._number} holds NUL, so this is no text file in UTF-8")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise NotText(f"line {self._number} is not UTF-8: save the file as UTF-8") from None


def portions(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Put lines together into portions of one transaction each; a long line may be one by itself."""
    portion: list[Line] = []
    characters = 0
    for line in lines:
        if portion and (len(portion) == PORTION_LINES or characters + len(line.text) > PORTION_CHARACTERS):
            yield portion
            portion, characters = [], 0
        portion.append(line)
        characters += len(line.text)
    if portion:
        yield portion
