"""Breaks a poster's title into lines and chooses their sizes.

Terms of typography: the measure is the width that the lines may fill. An em is the font size. A cut
is one variant of the typeface ("narrow" or "wide").
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from .seeded_random import SeededRandom
from .typeface import CAP_HEIGHT, Face, Run, face

# Short words (articles, prepositions, conjunctions). A line should not end with one of them.
SHORT_WORDS = frozenset(
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
# The number of a sequel ("2", "IV:"). A line should not begin with one.
SEQUEL_NUMBER = re.compile(r"(\d{1,2}|[IVX]+)[:.,]?$")
# The largest height of a capital letter, in page units. Without this limit a title of one letter
# would fill the poster.
LARGEST = 330.0
MOST_LINES = 6
# In characters. A longer word is broken, because on one line its letters would be too small.
LONGEST_WORD = 18


@dataclass(frozen=True)
class Line:
    """One line of the title, in page units. `x` is its left edge, and `size` is its font size."""

    run: Run
    x: float
    baseline: float
    size: float


@dataclass(frozen=True)
class Setting:
    """A title with the place and size of each line, in page units.

    y = 0 is the top of the first line's letters, x = 0 is the left edge of the measure.
    """

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
    """Set the title as large as possible within a width and a height, with the best line breaks.

    `rng` chooses capitals, the cut, and whether each line may have its own size. `align` is 0 for
    left, 0.5 for centred and 1 for right. Raises ValueError for a text without words.
    """
    if rng.chance(0.5):
        text = text.upper()
    cut = face("narrow" if rng.chance(0.9 if len(text) > 22 else 0.45) else "wide")
    own_sizes = rng.chance(0.5)
    words = _words(text)
    best: tuple[float, Setting] | None = None
    for count in range(1, min(MOST_LINES, len(words)) + 1):
        lines = _break(words, count, cut)
        setting = _fill_each_line(lines, cut, measure, most_height) if own_sizes else None
        bonus = 1.25 if setting else 1.0
        setting = setting or _set_in_one_size(lines, cut, measure, most_height, align)
        # Prefer large letters and few bad line breaks.
        score = bonus * setting.smallest**1.3 * setting.area**0.2 * 0.9 ** _bad_breaks(lines)
        if best is None or score > best[0]:
            best = (score, setting)
    if best is None:
        raise ValueError("a title needs a character that can be set")
    return best[1]


def _words(text: str) -> list[str]:
    """Split the text into pieces. A line may end after each piece.

    A piece is a word with the space after it. Long words are cut into parts with a hyphen, and two
    words joined by a slash are separated after the slash.
    """
    words: list[str] = []
    for word in text.split():
        head, slash, tail = word.partition("/")
        if slash and len(head) > 2 and len(tail) > 2:
            words += [head + slash, tail + " "]
        elif len(word) > LONGEST_WORD:
            # Both divisions round up.
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
    # (number of lines, number of words in them) -> (lowest cost, first word of the last line)
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
    """The cost of a line of words[start:end]; lower is better.

    `share` is the line's width divided by the average width. A break after a colon or a dash
    lowers the cost. A short word at the end or alone on the line raises it, and so does a sequel's
    number at the beginning of the next line.
    """
    cost = (share - 1) ** 2
    last = words[end - 1].strip()
    if end < len(words):
        cost += 0.35 * (last.lower() in SHORT_WORDS)
        cost += 0.8 * bool(SEQUEL_NUMBER.match(words[end].strip()))
        cost -= 0.6 * (last[-1] in ":–—")
    return cost + 0.5 * (end - start == 1 and last.lower() in SHORT_WORDS and len(words) > 1)


def _bad_breaks(lines: list[str]) -> float:
    """The weighted number of bad line breaks.

    They are: a short word or one letter alone on a line, a short word at the end of a line, and a
    sequel's number at the beginning of a line.
    """
    if len(lines) == 1:
        return 0.0
    alone = sum(line.lower() in SHORT_WORDS or len(line) < 2 for line in lines)
    at_end = sum(line.split()[-1].lower() in SHORT_WORDS for line in lines[:-1])
    numbers = sum(bool(SEQUEL_NUMBER.match(line.split()[0])) for line in lines[1:])
    return 4 * alone + 2 * at_end + 5 * numbers


def _set_in_one_size(
    lines: list[str], cut: Face, measure: float, most_height: float, align: float
) -> Setting:
    """Give all lines the same size: the largest that fits the measure and the height."""
    runs = [cut.set(line) for line in lines]
    # The distances from one baseline to the next, in ems.
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


def _fill_each_line(
    lines: list[str], cut: Face, measure: float, most_height: float
) -> Setting | None:
    """Give each line the size at which it fills the measure.

    None if a line is only a short word, if the sizes differ too much, or if the lines are higher
    together than `most_height`.
    """
    if len(lines) > 1 and any(line.lower() in SHORT_WORDS for line in lines):
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
    """Break a title with letters that the typeface lacks. Browsers show it in a font of their own.

    Returns the lines with their widths, and the font size. The font is not known, so each width is
    an estimate; browsers stretch or shrink the line to this width.
    """
    whole = _ems(title)
    most = 1 if whole <= 6 else 2 if whole <= 20 else 3
    pieces = [word + " " for word in title.split()]
    if len(pieces) == 1 and unicodedata.east_asian_width(title[0]) in "WF":
        pieces = list(title)  # Chinese, Japanese and Korean text may break after any character
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
    # By Unicode category: combining marks (Mn, Me) add no width, spacing marks (Mc) add a little.
    # Wide and full-width characters (W, F) fill an em.
    widths = {"Mn": 0.0, "Me": 0.0, "Mc": 0.3}
    return sum(
        1.0
        if unicodedata.east_asian_width(character) in "WF"
        else widths.get(unicodedata.category(character), 0.62)
        for character in text
    )
