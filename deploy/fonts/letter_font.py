"""Cuts the font of the letters out of Debian's fonts-noto-cjk: the characters of GBK, in which names are written.

    python -m deploy.fonts.letter_font /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

It needs fonttools (4.68), which nothing else here needs.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

TARGET = Path(__file__).parents[2] / "services/notifications/templates/font/DueflowLetterSC.otf"
FAMILY, POSTSCRIPT = "Dueflow Letter SC", "DueflowLetterSC-Regular"

_SOURCE = "Noto Sans CJK SC"
_FULL_NAME, _TRADEMARK = 4, 7
_NAMES = {1: FAMILY, 3: POSTSCRIPT, _FULL_NAME: FAMILY, 6: POSTSCRIPT, 16: FAMILY}
_LATIN = (range(0x20, 0x17F), range(0x2010, 0x205F), (0x20AC, 0x2122))
# A letter is set in lines, upright, and at a size at which hints change nothing.
_NEEDLESS = ("vhea", "vmtx", "VORG", "BASE")


def main() -> None:
    """Write the font; the same source gives the same bytes."""
    collection = TTCollection(sys.argv[1])
    font = next(each for each in collection.fonts if each["name"].getDebugName(_FULL_NAME) == _SOURCE)
    font.recalcTimestamp = False
    options = Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True)
    options.drop_tables += _NEEDLESS
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=_characters())
    subsetter.subset(font)
    _rename(font)
    TARGET.parent.mkdir(exist_ok=True)
    font.save(TARGET)


def _characters() -> set[int]:
    pairs = (bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF))
    chinese = {ord(each) for pair in pairs for each in pair.decode("gbk", "ignore")}
    return chinese.union(*_LATIN)


def _rename(font: TTFont) -> None:
    """Give the subset a name of its own: it is not the font whose trademark it would bear."""
    names = font["name"]
    names.removeNames(nameID=_TRADEMARK)
    for record in list(names.names):
        if record.nameID in _NAMES:
            names.setName(_NAMES[record.nameID], record.nameID, record.platformID, record.platEncID, record.langID)
    outlines = font["CFF "].cff
    outlines.fontNames = [POSTSCRIPT]
    outlines.topDictIndex[0].FullName = outlines.topDictIndex[0].FamilyName = FAMILY


if __name__ == "__main__":
    main()
