"""Birds, fish, cats, teeth, profiles, crowds."""

from movies.posters.drawing.canvas import Canvas, Point, disc, lens, number, polygon, sector


def bird(c: Canvas) -> None:
    """A bird made of half discs, or several flying birds."""
    s, rng = c.scheme, c.rng
    if rng.chance(0.35):
        r = c.unit * rng.uniform(0.2, 0.3)
        c.circle(c.focus + c.unit * rng.uniform(-0.2, 0.2), c.height * 0.4, r, s.accent)
        for _ in range(rng.integer(7, 12)):
            x, y = c.width * rng.uniform(0.08, 0.92), c.height * rng.uniform(0.1, 0.92)
            size = c.unit * rng.uniform(0.05, 0.13)
            for side in (-1, 1):
                tip = (x + side * size, y - size * rng.uniform(0.2, 0.7))
                c.path(lens((x, y), tip, size * 0.16 * side, size * 0.05 * -side), s.figure)
        return
    x, y, r, way = c.focus, c.height * 0.5, c.unit * rng.uniform(0.27, 0.33), rng.sign()

    def at(turn: float) -> float:
        return turn if way > 0 else 0.5 - turn

    def slice_of(cx: float, cy: float, size: float, start: float, end: float) -> str:
        return sector(cx, cy, size, *((start, end) if way > 0 else (at(end), at(start))))

    for leg in (-0.12, 0.16):
        c.rect(x + way * r * leg, y + r * 0.6, r * 0.045, r * 0.75, s.figure)
    c.path(slice_of(x, y, r, 0.0, 0.5), s.accent)
    c.path(slice_of(x - way * r * 0.36, y, r * 0.64, 0.0, 0.25), s.second)
    c.path(slice_of(x - way * r, y, r * 0.7, 0.5, 0.75), s.figure)
    c.circle(x + way * r * 0.62, y - r * 0.34, r * 0.4, s.figure)
    beak = [(x + way * r * 0.95, y - r * 0.56), (x + way * r * 1.5, y - r * 0.32)]
    c.polygon([*beak, (x + way * r * 0.95, y - r * 0.14)], s.second)
    c.circle(x + way * r * 0.72, y - r * 0.42, r * 0.1, s.ground)


def fish(c: Canvas) -> None:
    """Several fish; one swims in the other direction."""
    s, rng = c.scheme, c.rng
    across, down = rng.choice(((1, 3), (2, 4), (2, 5)))
    across = across * 2 if c.is_backdrop else across
    odd = rng.integer(0, across * down - 1)
    cell, row = c.width / across, c.height / down
    half = min(cell * 0.36, row * 0.85)
    for index in range(across * down):
        x = cell * (index % across + 0.5)
        y = row * (index // across + 0.5)
        way, ink = (-1, s.accent) if index == odd else (1, s.figure)
        x += half * 0.14 * way
        c.path(lens((x - half * 0.8, y), (x + half * 0.8, y), half * 0.4, half * 0.4), ink)
        tail = x - way * half * 0.62
        fin = tail - way * half * 0.46
        c.polygon([(tail, y), (fin, y - half * 0.34), (fin, y + half * 0.34)], ink)
        c.circle(x + way * half * 0.45, y - half * 0.07, half * 0.075, s.ground)
        c.path(
            sector(
                x + way * half * 0.1, y, half * 0.22, *((0.75, 1.25) if way < 0 else (0.25, 0.75))
            ),
            s.second,
        )


def cat(c: Canvas) -> None:
    """The head of a cat, a fox or an owl."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.52, c.unit * rng.uniform(0.32, 0.38)
    fur, patch = rng.choice(((s.figure, s.accent), (s.accent, s.figure), (s.second, s.figure)))
    for side in (-1, 1):
        ear = [
            (x + side * r * 0.95, y - r * 0.1),
            (x + side * r * rng.uniform(0.85, 1.0), y - r * 1.15),
        ]
        c.polygon([*ear, (x + side * r * 0.1, y - r * 0.7)], fur)
        inner = [(x + side * r * 0.82, y - r * 0.4), (x + side * r * 0.84, y - r * 0.86)]
        c.polygon([*inner, (x + side * r * 0.42, y - r * 0.7)], patch)
    kind = rng.choice(("cat", "fox", "owl"))
    if kind == "fox":
        c.polygon([(x - r, y - r * 0.3), (x, y - r * 0.82), (x + r, y - r * 0.3), (x, y + r)], fur)
        for side in (-1, 1):
            c.polygon(
                [(x + side * r, y - r * 0.3), (x, y + r), (x + side * r * 0.12, y + r * 0.2)], patch
            )
    else:
        c.circle(x, y, r, fur)
    eye = s.second if fur != s.second else s.ground
    for side in (-1, 1):
        ex, ey = x + side * r * 0.42, y - r * 0.12
        if kind == "owl":
            c.circle(ex, ey, r * 0.38, patch)
            c.circle(ex, ey, r * 0.24, s.ground)
            c.circle(ex, ey, r * 0.12, s.palette.black)
        else:
            size = r * 0.22
            c.path(
                lens(
                    (ex - size, ey + side * size * 0.3),
                    (ex + size, ey - side * size * 0.3),
                    size * 0.7,
                    size * 0.7,
                ),
                eye,
            )
            c.path(
                lens((ex, ey - size * 0.5), (ex, ey + size * 0.5), size * 0.16, size * 0.16),
                s.palette.black,
            )
    beak = [(x - r * 0.13, y + r * 0.24), (x + r * 0.13, y + r * 0.24)]
    c.polygon([*beak, (x, y + r * (0.62 if kind == "owl" else 0.42))], eye)
    if kind == "cat":
        for side in (-1, 1):
            for whisker in (-0.12, 0.04, 0.2):
                start = (x + side * r * 0.35, y + r * 0.42)
                end = (x + side * r * 1.3, y + r * (0.4 + whisker * 2.2))
                c.segment(start, end, patch, r * 0.025)


def teeth(c: Canvas) -> None:
    """Pointed teeth from above and below, or a grin."""
    s, rng = c.scheme, c.rng
    count, way = rng.integer(4, 7), rng.choice(("jaws", "grin"))
    wide = c.width / count
    if way == "grin":
        x, y, half = c.focus, c.height * 0.5, c.unit * 0.44
        lift = half * rng.uniform(0.5, 0.75)
        outline = lens((x - half, y - lift * 0.3), (x + half, y - lift * 0.3), -lift * 0.25, lift)
        c.path(outline, s.figure)
        with c.clipped(outline):
            tooth = 2 * half / (count + 3)
            for index in range(count + 3):
                left = x - half + tooth * index
                bite = [(left, y - lift), (left + tooth, y - lift)]
                c.polygon([*bite, (left + tooth / 2, y + lift * rng.uniform(0.25, 0.4))], s.ground)
        gaze = rng.choice(("lids", "slits", "discs"))
        for side in (-1, 1):
            ex, ey, size = x + side * half * 0.5, y - lift * 0.85, half * 0.2
            if gaze == "lids":
                c.path(sector(ex, ey, size, 0.0, 0.5), s.accent)
            elif gaze == "slits":
                tilt = side * size * 0.5
                near, far = (ex - size, ey - tilt), (ex + size, ey + tilt)
                c.path(lens(near, far, size * 0.3, size * 0.45), s.accent)
            else:
                c.circle(ex, ey, size, s.accent)
                c.circle(ex, ey, size * 0.4, s.ground)
        return
    c.circle(c.focus, c.height * 0.5, c.unit * rng.uniform(0.2, 0.28), s.accent)
    for index in range(-1, count + 1):
        left = wide * index
        deep = c.height * rng.uniform(0.26, 0.4)
        c.polygon([(left, 0), (left + wide, 0), (left + wide / 2, deep)], s.figure)
        left += wide / 2
        rise = c.height * (1 - rng.uniform(0.26, 0.4))
        ink = s.second
        c.polygon([(left, c.height), (left + wide, c.height), (left + wide / 2, rise)], ink)
    c.sky, c.floor = s.figure, s.second


PROFILE: tuple[Point, ...] = (
    (0.0, -1.0),
    (0.3, -0.92),
    (0.46, -0.66),
    (0.44, -0.42),
    (0.5, -0.3),
    (0.68, -0.04),
    (0.66, 0.04),
    (0.5, 0.07),
    (0.52, 0.16),
    (0.6, 0.22),
    (0.52, 0.29),
    (0.59, 0.36),
    (0.5, 0.43),
    (0.53, 0.58),
    (0.42, 0.74),
    (0.14, 0.72),
    (0.06, 0.86),
    (0.1, 1.3),
)  # forehead, nose, lips and chin of a head that looks right; units of half its height


def profiles(c: Canvas) -> None:
    """Two heads in profile: face to face, back to back or one inside the other."""
    s, rng = c.scheme, c.rng
    c.runs_off = True
    tall, y = min(c.height * 0.4, c.unit * 0.5), c.height * 0.46
    kind = rng.choice(("facing", "janus", "echo"))
    if kind == "echo":
        for index, ink in enumerate((s.second, s.accent, s.figure)):
            _head(c, c.focus - tall * (0.45 + 0.3 * index) + tall * 0.5, y, tall, 1, ink)
        return
    way = 1 if kind == "facing" else -1
    gap = tall * (0.76 if kind == "facing" else -0.02)
    if kind == "facing" and rng.chance(0.6):
        c.circle(c.focus, y - tall * 0.1, tall * rng.uniform(0.3, 0.55), s.second)
    elif kind == "janus":
        c.circle(c.focus, y, tall * 1.02, s.second)
    for side, ink in ((-1, s.figure), (1, s.accent)):
        _head(c, c.focus + side * gap, y, tall, -side * way, ink)


def _head(c: Canvas, x: float, y: float, tall: float, way: int, ink: str) -> None:
    edge = [(x + way * tall * px, y + tall * py) for px, py in PROFILE]
    back = [(x - way * tall * 0.75, c.height), (x - way * tall * 0.5, y + tall * 0.5)]
    back += [(x - way * tall * 0.72, y - tall * 0.1), (x - way * tall * 0.5, y - tall * 0.8)]
    shoulder = [(x + way * tall * 0.16, c.height)]
    c.path(polygon([*edge, *shoulder, *back]), ink)
    c.path(disc(x - way * tall * 0.12, y - tall * 0.38, tall * 0.62), ink)


def crowd(c: Canvas) -> None:
    """Rows of heads; one has another colour."""
    s, rng = c.scheme, c.rng
    across = rng.integer(3, 6)
    cell = c.width / (across if not c.is_backdrop else across * 2)
    rows = int(c.height / (cell * 0.92)) + 2
    columns = int(c.width / cell) + 2
    odd = (rng.integer(1, max(1, rows - 2)), rng.integer(1, max(1, int(c.width / cell) - 1)))
    for row in range(rows):
        for column in range(columns):
            x = (column - 0.5 * (row % 2)) * cell + cell * 0.5
            y = c.height - cell * 0.5 - (rows - 1 - row) * cell * 0.92
            ink = s.accent if (row, column) == odd else (s.figure, s.second)[row % 2]
            half = number(cell * 0.46)
            start = f"M{number(x - cell * 0.46)} {number(y + cell * 0.5)}v-{number(cell * 0.12)}"
            across_shoulders = f"a{half} {half} 0 0 1 {number(cell * 0.92)} 0"
            c.path(f"{start}{across_shoulders}v{number(cell * 0.12)}z", ink)
            c.circle(x, y - cell * 0.24, cell * 0.235, s.ground)
            c.circle(x, y - cell * 0.24, cell * 0.2, ink)
    c.floor = c.scheme.ground


FAMILIES = (bird, fish, cat, teeth, profiles, crowd)
