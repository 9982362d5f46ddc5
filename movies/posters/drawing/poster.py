"""Turns a design into an SVG: the composition in its area (the stage), and the title."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from .canvas import Canvas, frame, number
from .design import Design, design
from .inks import dark_scheme
from .layout import HEIGHT, MARGIN, NOTE_ROOM, NOTE_SIZE, WIDTH, Layout, choose_layout
from .seeded_random import SeededRandom
from .titling import break_untypeset
from .typeface import Box, Run, face, printable

BACKDROP_WIDTH, BACKDROP_HEIGHT = 1600, 900

# Compositions of one figure on a plain background. They may be enlarged, so that edges cut them.
FIGURES = frozenset(
    (
        *("eclipse", "spiral", "labyrinth", "target", "record", "eye", "face", "cat", "cogs"),
        *("crown", "umbrella", "spectacles", "heart", "bloom", "profiles", "bird", "halftone"),
        *("hand", "ripples", "constellation", "orbits", "banner", "compass"),
    )
)
# Page units by which the title's area overlaps the composition. Without an overlap, rounding could
# leave a thin gap at some sizes.
OVERLAP = 8


@dataclass(frozen=True)
class Sheet:
    """All parts of a poster.

    `closeness` is the scale, dx and dy of an enlarged composition, or None. `field` is the colour
    of the area behind the title, and `ink` the colour of the title.
    """

    layout: Layout
    canvas: Canvas
    closeness: tuple[float, float, float] | None
    field: str
    ink: str


def draw_poster(*, title: str, genres: Sequence[str], year: int | None) -> str:
    """A film's poster as an SVG document of 600 × 900 units."""
    plan = design(title, genres, year)
    note = _note(genres, year)
    if not plan.text:
        return _print_untypeset(plan, note)
    return _print(plan, lay_out(plan, note))


def draw_backdrop(*, title: str, genres: Sequence[str], year: int | None) -> str:
    """The poster's composition without a title, as an SVG of 1600 × 900 units.

    There is space for text on the left. The background is the palette's black, because pages put
    pale text on it.
    """
    plan = design(title, genres, year)
    plan = replace(plan, scheme=dark_scheme(plan.scheme.palette))
    canvas = plan.compose(BACKDROP_WIDTH, BACKDROP_HEIGHT, is_backdrop=True)
    page = frame(0, 0, BACKDROP_WIDTH, BACKDROP_HEIGHT)
    body = f'<path fill="{plan.scheme.ground}" d="{page}"/>' + "".join(canvas.parts)
    return _svg(BACKDROP_WIDTH, BACKDROP_HEIGHT, plan.title, body, sliced=True)


def lay_out(plan: Design, note: str) -> Sheet:
    """Choose the parts of a poster and draw its composition. `_print` makes the SVG of them."""
    layout = choose_layout(plan, note)
    stage = layout.stage
    canvas = plan.compose(stage.right - stage.left, stage.bottom - stage.top)
    rng = plan.rng("print")
    closeness = None
    if plan.family in FIGURES and rng.chance(0.9 if layout.turned else 0.4):
        drift = rng.uniform(-0.16, 0.16) * canvas.width, rng.uniform(-0.14, 0.14) * canvas.height
        scale = rng.uniform(1.4, 1.9) if layout.turned else rng.uniform(1.25, 1.7)
        closeness = (scale, *drift)
    field = _field(layout, canvas, rng, cut=closeness is not None or canvas.runs_off)
    inks = plan.scheme.texts_on(field)
    return Sheet(layout, canvas, closeness, field, rng.choice(inks[:2]))


def _field(layout: Layout, canvas: Canvas, rng: SeededRandom, *, cut: bool) -> str:
    """Choose the colour of the flat area behind the title.

    On a plate it is one of three inks. Elsewhere it is the colour of the composition's edge, so
    that no seam is visible. But if the top and bottom edges have the ground's colour, another one
    is used: always if an edge cuts the figure (`cut`), else sometimes.
    """
    scheme = canvas.scheme
    if layout.kind == "plate":
        return rng.choice((scheme.ground, scheme.figure, scheme.accent))
    edge = {"below": canvas.floor, "above": canvas.sky}.get(layout.kind, scheme.ground)
    is_bare = canvas.floor == canvas.sky == scheme.ground
    if is_bare and (cut or rng.chance(0.22)):
        return rng.choice((scheme.figure, scheme.accent, scheme.second))
    return edge


def _print(plan: Design, sheet: Sheet) -> str:
    layout, stage = sheet.layout, sheet.layout.stage
    width, height = stage.right - stage.left, stage.bottom - stage.top
    body = "".join(sheet.canvas.parts)
    if sheet.closeness:
        scale, dx, dy = sheet.closeness
        x, y = width / 2 * (1 - scale) + dx, height / 2 * (1 - scale) + dy
        place = f"translate({number(x)} {number(y)}) scale({scale:.3f})"
        body = f'<g transform="{place}">{body}</g>'
    parts = [
        f'<path fill="{plan.scheme.ground}" d="{frame(0, 0, WIDTH, HEIGHT)}"/>',
        f'<g transform="translate({number(stage.left)} {number(stage.top)})">{body}</g>',
        f'<path fill="{sheet.field}" d="{_title_field(layout)}"/>',
    ]
    turn = f' transform="translate(0 {HEIGHT}) rotate(-90)"' if layout.turned else ""
    parts.append(f'<g fill="{sheet.ink}"{turn}>')
    x, y = layout.title_at
    parts += [
        _run(line.run, x + line.x, y + line.baseline, line.size) for line in layout.setting.lines
    ]
    if layout.note:
        parts.append(_run(layout.note, *layout.note_at, NOTE_SIZE))
    parts.append("</g>")
    return _svg(WIDTH, HEIGHT, plan.title, "".join(parts))


def _run(run: Run, x: float, baseline: float, size: float) -> str:
    """A line of text as SVG. Its left edge is at x."""
    place = f"translate({number(x - run.box.left * size)} {number(baseline)})"
    glyphs = "".join(
        f'<path transform="translate({at:.0f})" d="{path}"/>' if at else f'<path d="{path}"/>'
        for at, path in run.glyphs
    )
    return f'<g transform="{place} scale({size / 1000:.4f})">{glyphs}</g>'


def _title_field(layout: Layout) -> str:
    """The flat area behind the title: its plate, or the part of the poster outside the stage."""
    stage, lap = layout.stage, OVERLAP
    area = {
        "below": Box(0, stage.bottom - lap, WIDTH, HEIGHT),
        "above": Box(0, 0, WIDTH, stage.top + lap),
        "left": Box(0, 0, stage.left + lap, HEIGHT),
        "right": Box(stage.right - lap, 0, WIDTH, HEIGHT),
    }.get(layout.kind, layout.plate or Box(0, 0, 0, 0))
    return frame(area.left, area.top, area.right - area.left, area.bottom - area.top)


def _note(genres: Sequence[str], year: int | None) -> str:
    """The small line: the year and the first two genres (by alphabet) that can be set."""
    named = sorted({" ".join(printable(genre).split()) for genre in genres})
    settable = [name for name in named if name and all(letter in face("quiet") for letter in name)]
    return " · ".join([*([] if year is None else [str(year)]), *settable[:2]])


def _print_untypeset(plan: Design, note: str) -> str:
    """A poster for a title with letters that the typeface lacks.

    The title is SVG text, which browsers show in a sans-serif font of the device.
    """
    measure = WIDTH - 2 * MARGIN
    lines, size = break_untypeset(plan.title, measure)
    leading = 1.25 * size
    room = NOTE_ROOM if note else 0.0
    stage = round(HEIGHT - MARGIN - room - leading * len(lines)) if lines or note else HEIGHT
    canvas = plan.compose(WIDTH, stage)
    field = canvas.floor
    ink = plan.scheme.text_on(field)
    rows = "".join(
        f'<text x="{MARGIN}" y="{number(stage + leading * (index + 0.75))}" '
        f'textLength="{number(width)}" lengthAdjust="spacingAndGlyphs">{escape(line)}</text>'
        for index, (line, width) in enumerate(lines)
    )
    style = f'font-family="sans-serif" font-weight="700" font-size="{number(size)}"'
    run = face("quiet").set(note, tracking=20)
    body = (
        f'<path fill="{plan.scheme.ground}" d="{frame(0, 0, WIDTH, HEIGHT)}"/>'
        f"{''.join(canvas.parts)}"
        f'<path fill="{field}" d="{frame(0, stage - OVERLAP, WIDTH, HEIGHT)}"/>'
        f'<g fill="{ink}" {style}>{rows}{_run(run, MARGIN, HEIGHT - MARGIN, NOTE_SIZE)}</g>'
    )
    return _svg(WIDTH, HEIGHT, plan.title, body)


def _svg(width: int, height: int, title: str, body: str, *, sliced: bool = False) -> str:
    crop = ' preserveAspectRatio="xMidYMid slice"' if sliced else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"{crop} role="img">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )
