"""Cuts the two fonts of the letters out of Debian's fonts-noto-cjk: the characters of GBK, and all others that it has.

Nearly every name is written in the first. The second has rare characters of names (GB 18030), Hangul and Vietnamese; it
is asked only for what the first lacks, so that it costs nothing where it is not needed.

    python -m deploy.fonts.letter_font /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

It needs fonttools (4.68), which nothing else here needs.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

FOLDER = Path(__file__).parents[2] / "services/notifications/templates/font"
FAMILY, MORE = "Dueflow Letter SC", "Dueflow Letter More SC"

_SOURCE = "Noto Sans CJK SC"
_FULL_NAME, _TRADEMARK = 4, 7
_LATIN = (range(0x20, 0x17F), range(0x2010, 0x205F), (0x20AC, 0x2122))
# A letter is set in lines, upright, and at a size at which hints change nothing.
_NEEDLESS = ("vhea", "vmtx", "VORG", "BASE")


def main() -> None:
    """Write both fonts; the same source gives the same bytes."""
    usual = _usual()
    FOLDER.mkdir(exist_ok=True)
    _cut(FAMILY, usual)
    _cut(MORE, set(_source().getBestCmap()) - usual)


def _source() -> TTFont:
    fonts = TTCollection(sys.argv[1]).fonts
    return next(each for each in fonts if each["name"].getDebugName(_FULL_NAME) == _SOURCE)


def _cut(family: str, characters: set[int]) -> None:
    font = _source()
    font.recalcTimestamp = False
    options = Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True)
    options.drop_tables += _NEEDLESS
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    _rename(font, family)
    font.save(FOLDER / f"{family.replace(' ', '')}.otf")


def _usual() -> set[int]:
    pairs = (bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF))
    chinese = {ord(each) for pair in pairs for each in pair.decode("gbk", "ignore")}
    return chinese.union(*_LATIN)


def _rename(font: TTFont, family: str) -> None:
    """Give the subset a name of its own: it is not the font whose trademark it would bear."""
    postscript = f"{family.replace(' ', '')}-Regular"
    new = {1: family, 3: postscript, _FULL_NAME: family, 6: postscript, 16: family}
    names = font["name"]
    names.removeNames(nameID=_TRADEMARK)
    for record in list(names.names):
        if record.nameID in new:
            names.setName(new[record.nameID], record.nameID, record.platformID, record.platEncID, record.langID)
    outlines = font["CFF "].cff
    outlines.fontNames = [postscript]
    outlines.topDictIndex[0].FullName = outlines.topDictIndex[0].FamilyName = family


if __name__ == "__main__":
    main()
