"""Houses, woods, windows, rockets, flags, cut leaves."""

from movies.posters.drawing.canvas import Canvas, lens, polar, sector, smooth


def house(c: Canvas) -> None:
    """A house with one lit window, on flat ground or on a hill."""
    s, rng = c.scheme, c.rng
    x, w = c.focus + c.unit * rng.uniform(-0.16, 0.16), c.unit * rng.uniform(0.13, 0.27)
    base = c.height * rng.uniform(0.66, 0.86)
    tall = min(c.height * rng.uniform(0.2, 0.4), base * 0.6)
    top, r = base - tall, c.unit * rng.uniform(0.18, 0.34)
    moon = x + c.unit * rng.uniform(0.1, 0.32) * rng.sign(), top - r * rng.uniform(-0.2, 0.7)
    c.circle(moon[0], max(moon[1], r * 1.1), r, s.accent)
    if rng.chance(0.5):
        hill = c.unit * rng.uniform(0.6, 1.2)
        c.circle(x, base + hill - 3, hill, s.figure)
        c.rect(0, c.height * 0.94, c.width, c.height * 0.06, s.figure)
    else:
        c.rect(0, base, c.width, c.height - base, s.figure)
    lean = w * rng.uniform(-0.3, 0.3)
    walls = [(x - w, base + 1), (x - w + lean, top), (x + w + lean, top), (x + w, base + 1)]
    c.polygon(walls, s.figure)
    ridge = x + lean + w * rng.choice((0.0, 0.0, -0.5, 0.9)), top - w * rng.uniform(0.6, 1.6)
    eaves = rng.uniform(1.0, 1.3) * w
    c.polygon([(x - eaves + lean, top + 1), ridge, (x + eaves + lean, top + 1)], s.figure)
    if rng.chance(0.6):
        c.rect(x + w * 0.4 + lean, top - w * 0.75, w * 0.24, w * 0.8, s.figure)
    _lit_windows(c, x + lean * 0.6, top, w, tall)
    drift = c.unit * rng.uniform(-0.3, 0.3)
    door, mat = w * 0.1, w * 0.6
    path = [(x - door, base), (x + door, base), (x + drift + mat, c.height)]
    c.polygon([*path, (x + drift - mat, c.height)], s.second)
    c.floor = s.figure


def _lit_windows(c: Canvas, x: float, top: float, w: float, tall: float) -> None:
    """Windows, one of them lit."""
    s, rng = c.scheme, c.rng
    across, down = rng.choice(((2, 2), (2, 1), (3, 2), (1, 2)))
    wide, high = w * 0.9 / across, tall * 0.48 / down
    size = min(wide * 0.8, high)
    lit = rng.integer(0, across * down - 1)
    for window in range(across * down):
        wx = x + w * 1.8 * ((window % across + 0.5) / across - 0.5)
        wy = top + tall * (0.14 + 0.8 * (window // across) / down)
        c.rect(wx - size / 2, wy, size, size * 1.25, s.second if window == lit else s.ground)


def woods(c: Canvas) -> None:
    """Tree trunks, with a moon or eyes between them."""
    s, rng = c.scheme, c.rng
    r = c.unit * rng.uniform(0.22, 0.34)
    mx, my = c.focus + c.unit * rng.uniform(-0.18, 0.18), c.height * rng.uniform(0.32, 0.5)
    c.circle(mx, my, r, s.accent)
    for ink, count, weight in ((s.second, 7, 0.035), (s.figure, 5, 0.085)):
        number_of = count * 2 if c.is_backdrop else count
        for trunk in range(number_of):
            x = c.width * (trunk + rng.uniform(0.15, 0.85)) / number_of
            w, lean = c.unit * weight * rng.uniform(0.6, 1.2), c.unit * rng.uniform(-0.05, 0.05)
            c.polygon(
                [
                    (x - w / 2, c.height),
                    (x - w * 0.32 + lean, 0),
                    (x + w * 0.32 + lean, 0),
                    (x + w / 2, c.height),
                ],
                ink,
            )
            for _ in range(2):
                y, side = c.height * rng.uniform(0.08, 0.6), rng.sign()
                tip = (
                    x + lean * 0.5 + side * w * rng.uniform(1.5, 2.6),
                    y - w * rng.uniform(1, 2),
                )
                c.segment((x + lean * 0.5, y), tip, ink, w * 0.22)
    if rng.chance(0.55):
        ex, ey, size = c.focus, c.height * rng.uniform(0.66, 0.8), c.unit * 0.05
        for side in (-1, 1):
            near, far = (ex + side * size * 0.5, ey), (ex + side * size * 2.5, ey - size * 0.7)
            c.path(lens(near, far, size * 0.5, size * 0.5), s.palette.paper)
    c.floor = s.ground


def windows(c: Canvas) -> None:
    """A wall of windows, some lit, one with somebody in it."""
    s, rng = c.scheme, c.rng
    across = rng.integer(3, 4) * (2 if c.is_backdrop else 1)
    cell = c.width / across
    down = max(2, round(c.height / (cell * 1.2)))
    row_height = c.height / down
    who = rng.integer(1, max(1, down - 2)), rng.integer(across // 2, across - 1)
    style = rng.choice(("plain", "arched", "blinds"))
    for row in range(down):
        for column in range(across):
            x, y = cell * (column + 0.2), row_height * (row + 0.5) - cell * 0.42
            w, h = cell * 0.6, cell * 0.84
            if style == "arched":
                y, h = y + cell * 0.2, cell * 0.62
            here = (row, column) == who
            ink = s.accent if here else s.second if rng.chance(0.2) else s.figure
            c.rect(x, y, w, h, ink)
            if style == "arched":
                c.path(sector(x + w / 2, y + 0.5, w / 2, 0.5, 1.0), ink)
            if here:
                dark = s.text_on(ink)
                c.path(sector(x + w / 2, y + h, w * 0.36, 0.5, 1.0), dark)
                c.circle(x + w / 2, y + h * 0.5, w * 0.17, dark)
            elif style == "blinds":
                for slat in range(rng.integer(0, 6)):
                    c.rect(x, y + h * (0.06 + 0.15 * slat), w, h * 0.05, s.ground)
            elif rng.chance(0.3):
                c.rect(x, y, w, h * rng.uniform(0.2, 0.7), s.ground)


def rocket(c: Canvas) -> None:
    """A flying rocket."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.44, c.unit * rng.uniform(0.12, 0.16)
    tall = r * rng.uniform(2.2, 2.7)
    for _ in range(24):
        c.circle(rng.uniform(0, c.width), rng.uniform(0, c.height), rng.uniform(1.6, 4), s.figure)
    moon = c.unit * rng.uniform(0.1, 0.3)
    c.circle(x + c.unit * 0.3 * rng.sign(), y - c.height * 0.2, moon, s.second)
    with c.turned(rng.choice((0.0, 20.0, -20.0, 40.0)), x, y):
        for size, ink in ((1.0, s.accent), (0.55, s.second)):
            c.path(
                lens(
                    (x, y + tall * 0.6),
                    (x, y + tall * (0.9 + 0.9 * size)),
                    r * 0.6 * size,
                    r * 0.6 * size,
                ),
                ink,
            )
        for side in (-1, 1):
            c.polygon(
                [
                    (x + side * r * 0.6, y + tall * 0.1),
                    (x + side * r * 1.7, y + tall * 0.85),
                    (x + side * r * 0.5, y + tall * 0.62),
                ],
                s.accent,
            )
        c.path(lens((x, y - tall), (x, y + tall), r, r), s.figure)
        c.rect(x - r * 0.6, y + tall * 0.56, r * 1.2, r * 0.2, s.accent)
        c.circle(x, y - tall * 0.16, r * 0.42, s.ground)
        c.circle(x, y - tall * 0.16, r * 0.28, s.second)


def banner(c: Canvas) -> None:
    """A shield, a star or a flag."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.5, c.unit * rng.uniform(0.38, 0.44)
    shield = [
        (x - r, y - r),
        (x + r, y - r),
        (x + r, y + r * 0.2),
        (x, y + r * 1.15),
        (x - r, y + r * 0.2),
    ]
    kind = rng.choice(("shield", "star", "flag"))
    if kind == "star":
        for size, ink in ((1.18, s.figure), (0.9, s.accent), (0.56, s.second)):
            c.polygon(
                [
                    polar(x, y, r * size * (1 if tip % 2 == 0 else 0.4), tip / 10 - 0.25)
                    for tip in range(10)
                ],
                ink,
            )
        return
    outline = "M" + "L".join(f"{px:.0f} {py:.0f}" for px, py in shield) + "z"
    if kind == "flag":
        c.rect(0, 0, c.width * 0.5 if not c.is_backdrop else c.width * 0.68, c.height, s.accent)
        c.polygon([(c.width, 0), (c.width, c.height), (c.focus, c.height / 2)], s.second)
    c.path(outline, s.figure)
    with c.clipped(outline):
        if rng.chance(0.5):
            for pale in range(1, 7, 2):
                c.rect(x - r + 2 * r * pale / 7, y - r * 0.3, 2 * r / 7, r * 2, s.accent)
        else:
            c.polygon([(x - r, y - r), (x + r, y + r), (x - r, y + r)], s.accent)
        c.rect(x - r, y - r, 2 * r, r * 0.62, s.second)
        points = rng.choice((5, 6, 8))
        c.polygon(
            [
                polar(
                    x, y - r * 0.68, r * (0.24 if tip % 2 == 0 else 0.1), tip / (2 * points) - 0.25
                )
                for tip in range(2 * points)
            ],
            s.figure,
        )


def leaves(c: Canvas) -> None:
    """Leaves and pebbles like Matisse's paper cut-outs."""
    s, rng = c.scheme, c.rng
    across = rng.choice((1, 2, 2, 3)) if c.height > c.width * 0.75 else rng.choice((2, 3))
    across *= 2 if c.is_backdrop else 1
    cell = c.width / across
    down = max(1, round(c.height / cell))
    high = c.height / down
    shapes = rng.choice(((_star_leaf,), (_frond,), (_frond, _star_leaf), (_pebble, _frond)))
    phase = rng.integer(0, 1)
    for row in range(down):
        for column in range(across):
            block, cut = rng.shuffled([s.figure, s.accent, s.second])[:2]
            if (row + column) % 2 == phase:
                c.rect(cell * column, high * row, cell + 0.5, high + 0.5, block)
            x, y = cell * (column + 0.5), high * (row + 0.5)
            rng.choice(shapes)(c, x, y, min(cell, high) * 0.45, cut)


def _star_leaf(c: Canvas, x: float, y: float, r: float, ink: str) -> None:
    fingers, lean = c.rng.integer(4, 8), c.rng.uniform(0, 1)
    reach: list[tuple[float, float]] = []
    for finger in range(fingers):
        long = c.rng.uniform(0.85, 1.12)
        for share, size in ((0.0, 0.3), (0.28, long), (0.55, long)):
            reach.append(polar(x, y, r * size, lean + (finger + share) / fingers))
    c.path(smooth(reach), ink)


def _frond(c: Canvas, x: float, y: float, r: float, ink: str) -> None:
    """A stem with round leaves on both sides."""
    pairs, lobes = c.rng.integer(3, 5), []
    for pair in range(pairs):
        share = (pair + 0.5) / pairs
        root = (x, y + r * (0.95 - 1.75 * share))
        reach = r * (0.42 + 0.42 * (1 - share)) * c.rng.uniform(0.85, 1.1)
        for side in (-1, 1):
            tip = (x + side * reach, root[1] - reach * 0.75)
            lobes.append(lens(root, tip, reach * 0.2 * side, reach * 0.24 * side))
    lobes.append(lens((x, y + r * 1.05), (x, y - r), r * 0.09, r * 0.09))
    with c.turned(c.rng.uniform(-40, 40) + c.rng.choice((0.0, 0.0, 180.0)), x, y):
        c.path(" ".join(lobes), ink)


def _pebble(c: Canvas, x: float, y: float, r: float, ink: str) -> None:
    count = c.rng.integer(5, 7)
    lean = c.rng.uniform(0, 1)
    edge = [polar(x, y, r * c.rng.uniform(0.7, 1.2), lean + n / count) for n in range(count)]
    c.path(smooth(edge), ink)
    c.circle(x, y, r * c.rng.uniform(0.14, 0.3), c.scheme.ground)


def sail(c: Canvas) -> None:
    """A boat on rows of waves."""
    s, rng = c.scheme, c.rng
    x, r = c.focus, c.unit * rng.uniform(0.26, 0.34)
    level, way = c.height * rng.uniform(0.6, 0.68), rng.sign()
    if rng.chance(0.7):
        sun = c.unit * rng.uniform(0.1, 0.24)
        c.circle(x - way * c.unit * 0.24, c.height * rng.uniform(0.2, 0.4), sun, s.second)
    mast = x - way * r * 0.1
    c.polygon(
        [(mast, level - r * 2), (mast + way * r * 1.05, level - r * 0.4), (mast, level - r * 0.4)],
        s.accent,
    )
    jib = mast - way * r * 0.08
    c.polygon(
        [(jib, level - r * 1.7), (jib - way * r * 0.75, level - r * 0.4), (jib, level - r * 0.4)],
        s.figure,
    )
    c.path(sector(x, level - r * 0.3, r, 0, 0.5), s.figure)
    rows = rng.integer(3, 5)
    wide = c.unit / rng.integer(3, 5)
    high = (c.height - level) / rows
    for row in range(rows):
        top = level + high * row
        ink = (s.second, s.accent)[row % 2] if row < rows - 1 else s.figure
        c.rect(0, top, c.width, c.height - top + 1, ink)
        for crest in range(int(c.width / wide) + 2):
            c.circle((crest - 0.5 * (row % 2)) * wide, top, wide * 0.5, ink)
    c.floor = s.figure


FAMILIES = (house, woods, windows, rocket, banner, leaves, sail)
