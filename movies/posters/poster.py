"""Put a composition and a title together on a sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .canvas import Canvas, number
from .dice import Dice
from .families import FAMILIES
from .genres import composition_weights, moods_of, normalise
from .inks import Scheme, choose_scheme
from .titling import Setting, fit_title
from .typeface import Run, face, printable, settable

WIDTH, HEIGHT = 600, 900
BACKDROP_WIDTH, BACKDROP_HEIGHT = 1600, 900
MARGIN = 36
MEASURE = WIDTH - 2 * MARGIN
NOTE_SIZE = 21.0


@dataclass(frozen=True)
class Design:
    """What is decided before anything is drawn; a poster and its backdrop share it."""

    key: tuple[str, str]
    title: str
    scheme: Scheme
    family: str
    initial: str


def draw_poster(*, title: str, genres: Sequence[str], year: int | None) -> str:
    """A film's poster as a standalone SVG of 600 × 900 units, for ever the same."""
    design = _design(title, genres, year)
    dice = Dice(*design.key, "layout")
    text = settable(design.title)
    note = _note(genres, year)
    if text:
        setting = fit_title(text, MEASURE, HEIGHT * dice.between(0.3, 0.4), dice)
        return _poster(design, setting, note, above=dice.chance(0.36))
    return _poster(design, None, note, above=False)


def draw_backdrop(*, title: str, genres: Sequence[str], year: int | None) -> str:
    """The poster's composition alone, 1600 × 900 units, with room for words on its left."""
    design = _design(title, genres, year)
    canvas = _compose(design, BACKDROP_WIDTH, BACKDROP_HEIGHT)
    ground = f'<path fill="{canvas.scheme.ground}" d="M0 0h{BACKDROP_WIDTH}v{BACKDROP_HEIGHT}H0z"/>'
    return _sheet(
        BACKDROP_WIDTH, BACKDROP_HEIGHT, design.title, ground + "".join(canvas.parts), sliced=True
    )


def _design(title: str, genres: Sequence[str], year: int | None) -> Design:
    title = printable(title)
    key = (title, "" if year is None else str(year))
    names = normalise(genres)
    scheme = choose_scheme(Dice(*key, "inks"), moods_of(names))
    family = Dice(*key, "family").weighted(composition_weights(names))
    letters = [character for character in settable(title).upper() if character.isalnum()]
    if letters[:3] == ["T", "H", "E"] and len(letters) > 3:
        letters = letters[3:]
    return Design(key, title, scheme, family, letters[0] if letters else "&")


def _compose(design: Design, width: float, height: float) -> Canvas:
    canvas = Canvas(width, height, design.scheme, Dice(*design.key, "composition"), design.initial)
    FAMILIES[design.family](canvas)
    return canvas


def _poster(design: Design, setting: Setting | None, note: str, *, above: bool) -> str:
    zone = (
        MARGIN * 1.0 + (setting.height if setting else 90) + (NOTE_SIZE * 2.2 if note else 0) + 26
    )
    stage_top, stage_height = (zone, HEIGHT - zone) if above else (0.0, HEIGHT - zone)
    canvas = _compose(design, WIDTH, stage_height)
    field = canvas.sky if above else canvas.floor
    inks = design.scheme.texts_on(field)
    ink = Dice(*design.key, "type").pick(inks[:2]) if len(inks) > 1 else inks[0]
    parts = [
        f'<clipPath id="stage"><path d="M0 0h{WIDTH}v{number(stage_height)}H0z"/></clipPath>',
        f'<path fill="{field}" d="M0 0h{WIDTH}v{HEIGHT}H0z"/>',
        f'<g clip-path="url(#stage)" transform="translate(0 {number(stage_top)})">',
        f'<path fill="{design.scheme.ground}" d="M0 0h{WIDTH}v{number(stage_height)}H0z"/>',
        *canvas.parts,
        "</g>",
    ]
    note_run = face("quiet").set(note, tracking=20) if note else None
    if above:
        note_baseline = MARGIN + NOTE_SIZE * 0.7
        title_top = MARGIN + (NOTE_SIZE * 2.2 if note else 0)
    else:
        title_top = stage_height + 26
        note_baseline = HEIGHT - MARGIN
    if setting:
        parts.append(_title(setting, MARGIN, title_top, ink))
    else:
        parts.append(_plain_title(design.title, title_top, ink))
    if note_run:
        parts.append(_run(note_run, MARGIN, note_baseline, NOTE_SIZE, ink))
    return _sheet(WIDTH, HEIGHT, design.title, "".join(parts), sliced=False)


def _title(setting: Setting, x: float, y: float, ink: str) -> str:
    return (
        f'<g fill="{ink}">'
        + "".join(
            _run(line.run, x + line.x, y + line.baseline, line.size) for line in setting.lines
        )
        + "</g>"
    )


def _run(run: Run, x: float, baseline: float, size: float, ink: str = "") -> str:
    """Set type with its ink's left edge at x."""
    scale = size / 1000
    place = f"translate({number(x - run.box.left * size)} {number(baseline)}) scale({scale:.4f})"
    fill = f' fill="{ink}"' if ink else ""
    glyphs = "".join(
        f'<path d="{path}"/>' if not at else f'<path transform="translate({at:.0f})" d="{path}"/>'
        for at, path in run.glyphs
    )
    return f'<g transform="{place}"{fill}>{glyphs}</g>'


def _plain_title(title: str, top: float, ink: str) -> str:
    """A title in letters the faces lack, left to a font of the reader's."""
    size = min(72.0, MEASURE / max(1, len(title)))
    return (
        f'<text x="{MARGIN}" y="{number(top + size)}" fill="{ink}" font-family="sans-serif" '
        f'font-weight="700" font-size="{number(size)}">{escape(title)}</text>'
    )


def _note(genres: Sequence[str], year: int | None) -> str:
    """The quiet line: the year, and the most telling genre."""
    named = [" ".join(printable(genre).split()) for genre in genres]
    telling = [
        genre for genre in named if genre and all(letter in face("quiet") for letter in genre)
    ]
    return " · ".join([*([str(year)] if year is not None else []), *sorted(telling)[:2]])


def _sheet(width: int, height: int, title: str, body: str, *, sliced: bool) -> str:
    crop = ' preserveAspectRatio="xMidYMid slice"' if sliced else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"'
        f'{crop} role="img"><title>{escape(title)}</title>{body}</svg>'
    )
