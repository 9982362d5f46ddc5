"""Breaks a title into lines and fits them into a width (called the measure)."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from .seeded_random import SeededRandom
from .typeface import CAP_HEIGHT, Face, Run, face

# Short words that belong to the next word. A line should not end with one.
CLINGING = frozenset(
    (
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "de",
        "for",
        "from",
        "in",
        "into",
        "is",
        "la",
        "le",
        "my",
        "of",
        "on",
        "or",
        "the",
        "to",
        "vs",
        "with",
        "your",
        "&",
    )
)
NUMBER = re.compile(r"(\d{1,2}|[IVX]+)[:.,]?$")  # of a sequel; stays with the word before it
LARGEST = 330.0  # page units; otherwise a title of one letter would fill the poster
MOST_LINES = 6
LONGEST_WORD = 18  # characters; longer words are broken, because they would become too small


@dataclass(frozen=True)
class Line:
    """A line of the title: left edge and baseline in page units, size in page units per em."""

    run: Run
    x: float
    baseline: float
    size: float


@dataclass(frozen=True)
class Setting:
    """A fitted title. Its first line begins at the top; x = 0 is the left edge of the measure."""

    lines: tuple[Line, ...]
    height: float

    @cached_property
    def left(self) -> float:
        return min(line.x for line in self.lines)

    @cached_property
    def right(self) -> float:
        return max(line.x + line.run.width * line.size for line in self.lines)

    @cached_property
    def smallest(self) -> float:
        return min(line.size for line in self.lines)

    @cached_property
    def area(self) -> float:
        return sum(line.size**2 * line.run.width for line in self.lines)


def fit_title(
    text: str, measure: float, most_height: float, rng: SeededRandom, align: float = 0.0
) -> Setting:
    """The title as large as possible within a width and a height, with the best line breaks.

    ``align`` is 0 for left, 0.5 for centred and 1 for right. Raises ValueError for an empty text.
    """
    if rng.chance(0.5):
        text = text.upper()
    cut = face("narrow" if rng.chance(0.9 if len(text) > 22 else 0.45) else "wide")
    stacked = rng.chance(0.5)
    words = _words(text)
    best: tuple[float, Setting] | None = None
    for count in range(1, min(MOST_LINES, len(words)) + 1):
        lines = _break(words, count, cut)
        setting = _stack(lines, cut, measure, most_height) if stacked else None
        bonus = 1.25 if setting else 1.0
        setting = setting or _range(lines, cut, measure, most_height, align)
        score = bonus * setting.smallest**1.3 * setting.area**0.2 * 0.9 ** _awkwardness(lines)
        if best is None or score > best[0]:
            best = (score, setting)
    if best is None:
        raise ValueError("a title needs a character that can be set")
    return best[1]


def _words(text: str) -> list[str]:
    """The pieces that lines may be broken between; each includes the space after it, if any."""
    words: list[str] = []
    for word in text.split():
        head, slash, tail = word.partition("/")
        if slash and len(head) > 2 and len(tail) > 2:
            words += [head + slash, tail + " "]
        elif len(word) > LONGEST_WORD:
            count = -(-len(word) // LONGEST_WORD)
            step = -(-len(word) // count)
            pieces = [word[start : start + step] for start in range(0, len(word), step)]
            words += [piece + "-" for piece in pieces[:-1]] + [pieces[-1] + " "]
        else:
            words.append(word + " ")
    return words


def _break(words: list[str], count: int, cut: Face) -> list[str]:
    """Break the words into `count` lines whose widths are as equal as possible."""
    widths = {
        (start, end): cut.set("".join(words[start:end]).strip()).width
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    }
    target = widths[0, len(words)] / count
    best: dict[tuple[int, int], tuple[float, int]] = {(0, 0): (0.0, 0)}
    for line in range(1, count + 1):
        for end in range(line, len(words) + 1):
            best[line, end] = min(
                (
                    best[line - 1, start][0]
                    + _cost(words, start, end, widths[start, end] / target),
                    start,
                )
                for start in range(line - 1, end)
                if (line - 1, start) in best
            )
    lines: list[str] = []
    end = len(words)
    for line in range(count, 0, -1):
        start = best[line, end][1]
        lines.insert(0, "".join(words[start:end]).strip())
        end = start
    return lines


def _cost(words: list[str], start: int, end: int, share: float) -> float:
    """How bad a line of words[start:end] is. `share` is its width divided by the average width."""
    cost = (share - 1) ** 2
    last = words[end - 1].strip()
    if end < len(words):
        cost += 0.35 * (last.lower() in CLINGING)
        cost += 0.8 * bool(NUMBER.match(words[end].strip()))
        cost -= 0.6 * (last[-1] in ":–—")
    return cost + 0.5 * (end - start == 1 and last.lower() in CLINGING and len(words) > 1)


def _awkwardness(lines: list[str]) -> float:
    if len(lines) == 1:
        return 0.0
    lone = sum(line.lower() in CLINGING or len(line) < 2 for line in lines)
    hanging = sum(line.split()[-1].lower() in CLINGING for line in lines[:-1])
    parted = sum(bool(NUMBER.match(line.split()[0])) for line in lines[1:])
    return 4 * lone + 2 * hanging + 5 * parted


def _range(
    lines: list[str], cut: Face, measure: float, most_height: float, align: float
) -> Setting:
    """Set all lines in one size."""
    runs = [cut.set(line) for line in lines]
    pitches = [max(0.74, run.box.bottom - after.box.top + 0.07) for run, after in pairwise(runs)]
    em_height = sum(pitches) - runs[0].box.top + runs[-1].box.bottom
    size = min(
        measure / max(run.width for run in runs), most_height / em_height, LARGEST / CAP_HEIGHT
    )
    baseline = -runs[0].box.top * size
    placed = []
    for run, pitch in zip(runs, [*pitches, 0.0], strict=True):
        placed.append(Line(run, align * (measure - run.width * size), baseline, size))
        baseline += pitch * size
    return Setting(tuple(placed), em_height * size)


def _stack(lines: list[str], cut: Face, measure: float, most_height: float) -> Setting | None:
    """Set each line in the size that fills the measure. None if the sizes would differ too much,
    if a line is only a short word, or if the title would be too high."""
    if len(lines) > 1 and any(line.lower() in CLINGING for line in lines):
        return None
    runs = [cut.set(line) for line in lines]
    sizes = [measure / run.width for run in runs]
    if max(sizes) > 2.3 * min(sizes):
        return None
    gap = 0.1 * min(sizes)
    height = sum(run.height * size for run, size in zip(runs, sizes, strict=True)) + gap * (
        len(runs) - 1
    )
    if height > most_height:
        return None
    y = 0.0
    placed = []
    for run, size in zip(runs, sizes, strict=True):
        placed.append(Line(run, 0, y - run.box.top * size, size))
        y += run.height * size + gap
    return Setting(tuple(placed), height)


def break_untypeset(title: str, measure: float) -> tuple[list[tuple[str, float]], float]:
    """Break a title whose letters the typeface lacks: lines with their widths, and the font size.

    The reader's font is not known, so each width is an estimate; browsers stretch the line to it.
    """
    whole = _ems(title)
    most = 1 if whole <= 6 else 2 if whole <= 20 else 3
    pieces = [word + " " for word in title.split()]
    if len(pieces) == 1 and unicodedata.east_asian_width(title[0]) in "WF":
        pieces = list(title)  # these scripts may be broken after any character
    lines = [""] if pieces else []
    for piece in pieces:
        is_full = _ems(lines[-1]) + _ems(piece) / 2 > whole / most
        if lines[-1] and is_full and len(lines) < most:
            lines.append("")
        lines[-1] += piece
    lines = [line.strip() for line in lines]
    size = min([110.0, *(measure / _ems(line) for line in lines)])
    return [(line, size * _ems(line)) for line in lines], size


def _ems(text: str) -> float:
    """The approximate width of a text in ems, in a bold sans-serif font."""
    widths = {"Mn": 0.0, "Me": 0.0, "Mc": 0.3}
    return sum(
        1.0
        if unicodedata.east_asian_width(character) in "WF"
        else widths.get(unicodedata.category(character), 0.62)
        for character in text
    )
