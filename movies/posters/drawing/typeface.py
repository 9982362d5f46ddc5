"""Text as outlines, with the letters of Bricolage Grotesque that ``build_typeface`` extracted."""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

CAP_HEIGHT = 0.66  # height of a capital letter, in ems

# Written with the fraction slash, U+2044.
FRACTIONS = {"1⁄2": "½", "1⁄4": "¼", "3⁄4": "¾"}
# Similar characters for those that the typeface lacks.
STAND_INS = str.maketrans(
    {
        "ʻ": "‘",
        "ʼ": "’",
        "'": "’",
        "′": "’",
        "`": "‘",
        "‐": "-",
        "‑": "-",
        "‒": "–",
        "―": "—",
        "⁄": "/",
        "∕": "/",
    }
)


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Run:
    """A line of text: the box around its letters (in ems), and the x and outline of each glyph.

    The glyphs' units are thousandths of an em.
    """

    box: Box
    glyphs: tuple[tuple[float, str], ...]

    @property
    def width(self) -> float:
        return self.box.right - self.box.left

    @property
    def height(self) -> float:
        return self.box.bottom - self.box.top


class Face:
    """One face of the font. Units are thousandths of an em; y points down from the baseline."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._glyphs = data["glyphs"]
        self._characters: dict[str, str] = data["characters"]
        self._kerning: dict[str, dict[str, int]] = data["kerning"]
        self._paths: dict[str, str] = {}

    def __contains__(self, character: str) -> bool:
        return character in self._characters

    def set(self, text: str, tracking: int = 0) -> Run:
        """Make a line of text. All characters must be in the face (KeyError otherwise).

        ``tracking`` is extra space between letters, in thousandths of an em.
        """
        x = 0
        left, top, right, bottom = 10**6, 10**6, -(10**6), -(10**6)
        glyphs: list[tuple[float, str]] = []
        previous = ""
        for character in text:
            advance, box, _ = self._glyphs[self._characters[character]]
            x += self._kern(previous, character)
            if box[2] > box[0]:
                left, right = min(left, x + box[0]), max(right, x + box[2])
                top, bottom = min(top, box[1]), max(bottom, box[3])
                glyphs.append((x, self._path(self._characters[character])))
            x += advance + tracking
            previous = character
        if not glyphs:
            left = top = right = bottom = 0
        return Run(Box(left / 1000, top / 1000, right / 1000, bottom / 1000), tuple(glyphs))

    def _kern(self, left: str, right: str) -> int:
        return self._kerning.get(_bare(left), {}).get(_bare(right), 0) if left else 0

    def _path(self, name: str) -> str:
        if name not in self._paths:
            outline = self._glyphs[name][2]
            if isinstance(outline, str):
                self._paths[name] = outline
            else:
                self._paths[name] = "".join(
                    _moved(self._path(part), dx, dy) for part, dx, dy in outline
                )
        return self._paths[name]


@cache
def face(name: str) -> Face:
    """The face with this name: "wide" or "narrow" for titles, "quiet" for the small line."""
    return _faces()[name]


@cache
def _faces() -> dict[str, Face]:
    data = json.loads(Path(__file__).with_name("typeface.json").read_text(encoding="utf-8"))
    return {name: Face(cut) for name, cut in data.items()}


@cache
def _bare(character: str) -> str:
    """The letter without accents. Kerning is stored only for those."""
    return unicodedata.normalize("NFD", character)[:1]


def _moved(path: str, dx: int, dy: int) -> str:
    """Move the outline of a part of a composed glyph by dx and dy.

    The first coordinates of an outline become absolute, because it is joined to other parts.
    """
    if path.startswith("m"):
        path = "M" + path[1:]
    return re.sub(
        r"M(-?\d+) ?(-?\d+)", lambda step: f"M{int(step[1]) + dx} {int(step[2]) + dy}", path
    )


def printable(text: str) -> str:
    """The text on one line, without control, format, private and unassigned characters.

    XML does not allow most of the control characters.
    """
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace()
        or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    return " ".join(kept.split())


def settable(text: str) -> str:
    """The text with only characters of the faces. Others are replaced by similar ones, or lost.

    Returns "" if nothing is left, or if more letters and digits are lost than left.
    """
    for fraction, character in FRACTIONS.items():
        text = re.sub(rf"(?:(?<=\d)\s)?(?<!\d){fraction}(?!\d)", character, text)
    known = face("wide")
    kept, lost = "", 0
    for character in text.translate(STAND_INS):
        if character in known:
            kept += character
            continue
        folded = "".join(
            composed if composed in known else "".join(c for c in _apart(composed) if c in known)
            for composed in unicodedata.normalize("NFKC", character)
        )
        kept += folded
        lost += not folded and unicodedata.category(character)[0] in "LN"
    kept = " ".join(kept.split())
    letters = sum(character.isalnum() for character in kept)
    has_ink = any(not character.isspace() for character in kept)
    return kept if has_ink and letters >= lost else ""


def _apart(character: str) -> str:
    return unicodedata.normalize("NFKD", character)
