"""The typefaces of printed pages, and texts in letters that they can draw."""

import unicodedata
from functools import cache
from pathlib import Path

from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONTS = Path(__file__).parent / "fonts"
TEXT, BOLD, DISPLAY = "Figtree", "Figtree-Bold", "Bricolage"
FILES = {
    TEXT: "figtree-regular.ttf",
    BOLD: "figtree-bold.ttf",
    DISPLAY: "bricolage-grotesque.ttf",
}


@cache
def register_fonts() -> None:
    """Make the typefaces known to reportlab. Call it before drawing."""
    for name, file in FILES.items():
        pdfmetrics.registerFont(TTFont(name, FONTS / file))


@cache
def letters(font: str) -> frozenset[int]:
    """The code points that the typeface can draw."""
    return frozenset(TTFont(font, FONTS / FILES[font]).face.charToGlyph)


def printable(text: str, font: str) -> str:
    """The text in letters that the typeface can draw.

    Accents that the typeface does not have are removed. If the text has other scripts, only its
    Latin part is left; "" if it has no Latin letter or digit.
    """
    known = letters(font)
    plain = "".join(
        letter if ord(letter) in known else unicodedata.normalize("NFKD", letter)
        for letter in unicodedata.normalize("NFC", text)
    )
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    printed = "".join(letter for letter in plain if ord(letter) in known)
    if printed == plain or any(letter.isalpha() for letter in printed):
        return " ".join(printed.split())
    return ""


def wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    """The text in lines of at most `width` points. A word that is too long is divided."""
    lines: list[str] = []
    for line in simpleSplit(text, font, size, width):
        while pdfmetrics.stringWidth(line, font, size) > width and len(line) > 1:
            fits = len(line) - 1
            while fits > 1 and pdfmetrics.stringWidth(line[:fits], font, size) > width:
                fits -= 1
            lines.append(line[:fits])
            line = line[fits:]
        lines.append(line)
    return lines
