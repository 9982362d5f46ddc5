"""Stripes, grids, waves and dots, in the style of Swiss posters."""

from math import hypot

from movies.posters.drawing.canvas import Canvas, disc, sector


def stripes(c: Canvas) -> None:
    """Stripes, and a disc in which they have other colours or another direction."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.5, c.unit * rng.uniform(0.28, 0.4)
    tilt = rng.choice((0.0, 90.0, 45.0, -30.0, 20.0))
    reach, pitch = c.width + c.height, c.unit / rng.integer(7, 15)
    growth = rng.choice((1.0, 1.0, 1.12))

    def bars(ink: str, offset: float) -> None:
        place, step = -reach / 2 + offset, pitch
        while place < reach / 2:
            c.rect(x + place, y - reach, step * 0.5, 2 * reach, ink)
            place += step
            step *= growth if place > 0 else 1

    with c.turned(tilt, x, y):
        bars(s.figure, 0)
    with c.clipped(disc(x, y, r)):
        c.rect(x - r, y - r, 2 * r, 2 * r, s.accent)
        with c.turned(tilt + rng.choice((0.0, 0.0, 90.0, 45.0)), x, y):
            bars(s.second if rng.chance(0.6) else s.ground, pitch * 0.5)


def grid(c: Canvas) -> None:
    """A grid of quarter circles."""
    s, rng = c.scheme, c.rng
    across = rng.integer(3, 5) if not c.is_backdrop else rng.integer(6, 8)
    cell = c.width / across
    down = int(c.height / cell) + 1
    shapes = rng.choice(
        (
            ("quarter",),
            ("quarter", "disc"),
            ("half",),
            ("quarter", "half", "disc", "leaf"),
            ("triangle",),
            ("leaf",),
        )
    )
    inks = (s.figure, s.accent, s.second)
    for row in range(down):
        for column in range(across):
            x, y, turn = column * cell, c.height - (row + 1) * cell, rng.integer(0, 3)
            ink, back = inks[rng.integer(0, 2)], inks[rng.integer(0, 2)]
            if rng.chance(0.3) and back != ink:
                c.rect(x, y, cell + 0.5, cell + 0.5, back)
            if rng.chance(0.1):
                continue
            corner = (x + cell * (turn in (1, 2)), y + cell * (turn > 1))
            shape = rng.choice(shapes)
            if shape == "disc":
                c.circle(x + cell / 2, y + cell / 2, cell * 0.36, ink)
            elif shape == "quarter":
                c.path(sector(*corner, cell, turn / 4, turn / 4 + 0.25), ink)
            elif shape == "half":
                c.path(sector(x + cell / 2, y + cell / 2, cell / 2, turn / 4, turn / 4 + 0.5), ink)
            elif shape == "triangle":
                ends = [(x, y), (x + cell, y), (x + cell, y + cell), (x, y + cell)]
                c.polygon(ends[:turn] + ends[turn + 1 :], ink)
            else:
                with c.clipped(sector(*corner, cell, turn / 4, turn / 4 + 0.25)):
                    other = (x + cell * (turn in (3, 0)), y + cell * (turn < 2))
                    c.circle(*other, cell, ink)


def ripples(c: Canvas) -> None:
    """Rings around one point or two, or arches inside arches."""
    c.rng.choice((_rings, _rings, _two_ripples, _arches))(c)


def _rings(c: Canvas) -> None:
    s, rng = c.scheme, c.rng
    pitch = c.unit / rng.integer(10, 18) * 1.6
    if rng.chance(0.5):
        x, y, reach = c.focus, c.height * 0.5, c.unit * 0.5
    else:
        x, y = c.width * rng.integer(0, 1), c.height * rng.integer(0, 1)
        reach = max(c.width, c.height) * 1.05
    inks = rng.choice(((s.figure, s.accent), (s.accent, s.second, s.figure), (s.figure,)))
    for ring in range(int(reach / pitch), 0, -1):
        weight = pitch * rng.uniform(0.22, 0.7)
        c.ring(x, y, ring * pitch, inks[ring % len(inks)], weight)
    c.circle(x, y, pitch * 0.56, s.second)


def _two_ripples(c: Canvas) -> None:
    s, rng = c.scheme, c.rng
    pitch, way = c.unit / rng.integer(9, 15), rng.sign()
    for side, ink in ((-1, s.accent), (1, s.figure)):
        x, y = c.focus + side * way * c.unit * 0.3, c.height * (0.5 + 0.21 * side)
        for ring in range(1, 9):
            c.ring(x, y, ring * pitch, ink, pitch * 0.32)
        c.circle(x, y, pitch * 0.44, ink)


def _arches(c: Canvas) -> None:
    s, rng = c.scheme, c.rng
    r, step = c.unit * rng.uniform(0.42, 0.5), rng.uniform(0.13, 0.19)
    spring = max(r, c.height - r * rng.uniform(0.9, 1.3))
    for ring in range(6):
        size, ink = r * (1 - ring * step), (s.figure, s.accent, s.second, s.ground)[ring % 4]
        c.path(sector(c.focus, spring, size, 0.5, 1.0), ink)
        c.rect(c.focus - size, spring - 0.5, 2 * size, c.height - spring + 1, ink)


def halftone(c: Canvas) -> None:
    """A ball or a gradient of halftone dots."""
    s, rng = c.scheme, c.rng
    kind = rng.choice(("ball", "dusk", "slant"))
    across = rng.integer(10, 14)
    cell = c.unit / across
    x0, y0, r = c.focus, c.height * 0.5, c.unit * 0.44
    lit = (x0 - r * rng.uniform(0.2, 0.5) * rng.sign(), y0 - r * rng.uniform(0.2, 0.5))
    if kind != "ball":
        c.circle(
            x0 + c.unit * rng.uniform(-0.2, 0.2),
            c.height * rng.uniform(0.35, 0.6),
            c.unit * 0.28,
            s.accent,
        )
    dots: dict[int, str] = {}
    for row in range(int(c.height / cell) + 2):
        for column in range(int(c.width / cell) + 2):
            x, y = (column + 0.5 * (row % 2)) * cell, row * cell
            if kind == "ball":
                share = (
                    hypot(x - lit[0], y - lit[1]) / (1.45 * r) if hypot(x - x0, y - y0) < r else 0
                )
            else:
                share = y / c.height if kind == "dusk" else (x + y) / (c.width + c.height)
            size = cell * 0.56 * share
            weight = round(size * 24 / cell)
            if weight > 1:
                dots[weight] = f"{dots.get(weight, '')}M{x:.0f} {y:.0f}h0"
    for (
        weight,
        d,
    ) in dots.items():  # a line of length 0 with round ends is the shortest way to a dot
        c.line(d, s.figure, weight * cell / 12, "round")
    if kind == "ball":
        c.circle(x0 + r * 0.8, y0 - r * 0.85, r * 0.2, s.accent)


def sprockets(c: Canvas) -> None:
    """A strip of film across the canvas."""
    s, rng = c.scheme, c.rng
    x, y, tilt = c.focus, c.height / 2, rng.choice((-18.0, 14.0, 90.0, 0.0, 32.0))
    wide, reach = c.unit * rng.uniform(0.5, 0.66), c.width + c.height
    if rng.chance(0.5):
        c.circle(x + c.unit * 0.25 * rng.sign(), y - c.height * 0.2, c.unit * 0.3, s.second)
    frame = wide * 0.62
    c.runs_off = tilt != 90
    with c.turned(tilt, x, y):
        c.rect(x - wide / 2, y - reach / 2, wide, reach, s.figure)
        hole = frame / 4
        rows = int(reach / 2 / hole) + 1
        for row in range(-rows, rows):
            for edge in (x - wide * 0.455, x + wide * 0.455 - wide * 0.075):
                c.rect(edge, y + row * hole + hole * 0.28, wide * 0.075, hole * 0.46, s.ground)
        for index in range(-3, 4):
            top, left = y + (index - 0.5) * frame, x - wide * 0.34
            high, w = frame * 0.9, wide * 0.68
            c.rect(left, top, w, high, s.accent if index % 2 else s.second)
            with c.clipped(f"M{left:.0f} {top:.0f}h{w:.0f}v{high:.0f}h{-w:.0f}z"):
                c.circle(left + w * (0.5 + 0.17 * index), top + high * 0.5, high * 0.28, s.ground)


FAMILIES = (stripes, grid, ripples, halftone, sprockets)
