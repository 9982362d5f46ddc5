"""Eyes, faces, hands, hearts, flowers."""

from movies.posters.drawing.canvas import (
    Canvas,
    disc,
    lens,
    number,
    oval,
    polar,
    polygon,
    sector,
    smooth,
)


def eye(c: Canvas) -> None:
    """An eye; or several, or one with rays."""
    s, rng = c.scheme, c.rng
    x, y, half = c.focus, c.height * rng.uniform(0.42, 0.56), c.unit * rng.uniform(0.4, 0.46)
    kind = rng.choice(("one", "rays", "stack"))
    if kind == "stack":
        count = rng.integer(3, 4)
        for index in range(count):
            row = c.height * (index + 0.5) / count
            _eye(
                c,
                x,
                row,
                min(half, c.height / count * 0.95),
                c.height / count * 0.36,
                rng.uniform(-0.5, 0.5),
            )
        return
    if kind == "rays":
        for ray in range(rng.choice((11, 15, 19))):
            turn = 0.5 + (ray + 0.5) / 15 * 0.5
            c.segment(
                polar(x, y, half * 0.75, turn),
                polar(x, y, half * rng.uniform(1.1, 1.35), turn),
                s.second,
                c.unit * 0.03,
            )
    _eye(
        c,
        x,
        y,
        half,
        half * rng.uniform(0.42, 0.62),
        0 if kind == "rays" else rng.uniform(-0.3, 0.3),
    )
    if kind == "one" and rng.chance(0.6):
        drop = c.unit * 0.08
        dy = min(y + half * 0.95, c.height - drop * 1.2)
        c.circle(x, dy, drop, s.second)
        c.polygon(
            [
                (x - drop * 0.93, dy - drop * 0.36),
                (x, dy - drop * 2.4),
                (x + drop * 0.93, dy - drop * 0.36),
            ],
            s.second,
        )


def _eye(c: Canvas, x: float, y: float, half: float, lift: float, look: float) -> None:
    s = c.scheme
    outline = lens((x - half, y), (x + half, y), lift, lift)
    c.path(outline, s.figure)
    ix = x + half * 0.5 * look
    with c.clipped(outline):
        c.circle(ix, y, lift * 0.95, s.accent)
        c.circle(ix, y, lift * 0.5, s.ground)
        c.circle(ix + lift * 0.25, y - lift * 0.25, lift * 0.14, s.figure)


def face(c: Canvas) -> None:
    """A face of pieces of cut paper."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * rng.uniform(0.46, 0.52), c.unit * rng.uniform(0.36, 0.44)
    rx, ry = r * rng.uniform(0.8, 1.0), r
    papers = rng.shuffled(
        [ink for ink in (s.palette.paper, s.palette.hero, s.palette.second) if ink != s.ground]
    )
    black = s.palette.black if s.ground != s.palette.black else s.ground
    shape = oval(x, y, rx, ry) if rng.chance(0.6) else _mask(x, y, rx, ry)
    c.path(shape, papers[0])
    with c.clipped(shape):
        split = rng.choice(("half", "slant", "cheek"))
        if split == "half":
            c.rect(x, y - ry, rx, 2 * ry, papers[1])
        elif split == "slant":
            c.polygon([(x - rx, y - ry), (x + rx, y - ry), (x + rx, y + ry * 0.8)], papers[1])
        else:
            c.circle(x + rx * rng.sign(), y + ry * 0.5, rx * 0.9, papers[1])
        if rng.chance(0.6):
            c.path(sector(x + rx * rng.sign(), y - ry, rx * 1.7, 0, 0.999), black)
    lean = rng.sign()
    bridge = [(x, y - ry * 0.2), (x + lean * rx * 0.28, y + ry * 0.28), (x, y + ry * 0.28)]
    c.polygon(bridge, black if rng.chance(0.4) else papers[2 % len(papers)])
    for side in (-1, 1):
        _cut_eye(c, x + side * rx * 0.45, y - ry * 0.1, rx * 0.24, black)
    _cut_mouth(c, x, y + ry * 0.55, rx * rng.uniform(0.3, 0.5), black)


def _mask(x: float, y: float, rx: float, ry: float) -> str:
    """A forehead with corners and a round chin."""
    return (
        f"M{number(x - rx)} {number(y - ry)}h{number(2 * rx)}v{number(ry)}"
        f"a{number(rx)} {number(ry)} 0 0 1-{number(2 * rx)} 0z"
    )


def _cut_eye(c: Canvas, x: float, y: float, size: float, ink: str) -> None:
    style = c.rng.choice(("almond", "dot", "lid", "lash"))
    if style == "almond":
        c.path(lens((x - size * 1.2, y), (x + size * 1.2, y), size * 0.8, size * 0.8), ink)
        c.circle(x, y, size * 0.4, c.scheme.palette.paper)
    elif style == "dot":
        c.circle(x, y, size * 0.62, ink)
    elif style == "lid":
        c.path(sector(x, y - size * 0.3, size, 0, 0.5), ink)
    else:
        c.path(lens((x - size, y), (x + size, y), -size * 0.2, size * 0.5), ink)


def _cut_mouth(c: Canvas, x: float, y: float, half: float, ink: str) -> None:
    style = c.rng.choice(("smile", "bar", "crooked", "kiss"))
    if style == "smile":
        c.path(sector(x, y - half * 0.4, half, 0, 0.5), ink)
    elif style == "bar":
        c.rect(x - half, y - half * 0.12, 2 * half, half * 0.24, ink)
    elif style == "crooked":
        c.path(sector(x, y, half * 0.8, 0, 0.25), ink)
        c.rect(x - half, y, half, half * 0.2, ink)
    else:
        for side in (-1, 1):
            c.circle(x, y + side * half * 0.24, half * 0.3, ink)


def hand(c: Canvas) -> None:
    """A raised hand."""
    s, rng = c.scheme, c.rng
    x, wide = c.focus, c.unit * rng.uniform(0.36, 0.44)
    palm, wrist = c.height * 0.62, wide * 0.72
    ink = rng.choice((s.figure, s.accent))
    other = s.accent if ink == s.figure else s.figure
    if rng.chance(0.6):
        c.circle(x, c.height * 0.42, c.unit * 0.4, s.second)
    c.rect(x - wrist / 2, palm, wrist, c.height - palm, ink)
    c.path(
        smooth(
            [
                (x - wide / 2, palm - wide * 0.45),
                (x + wide / 2, palm - wide * 0.45),
                (x + wide * 0.56, palm + wide * 0.3),
                (x, palm + wide * 0.62),
                (x - wide * 0.56, palm + wide * 0.3),
            ]
        ),
        ink,
    )
    weight = wide * 0.225
    side = rng.sign()
    for finger, (lean, length) in enumerate(((-0.2, 0.72), (-0.06, 0.95), (0.07, 1.0), (0.2, 0.8))):
        fx = x + side * wide * (-0.375 + 0.25 * finger)
        tip = (fx + side * wide * lean, palm - wide * 0.3 - wide * length)
        c.segment((fx, palm - wide * 0.1), tip, ink, weight, "round")
    c.segment(
        (x - side * wide * 0.4, palm + wide * 0.15),
        (x - side * wide * 0.86, palm - wide * 0.42),
        ink,
        weight,
        "round",
    )
    mark = rng.choice(("eye", "disc", "lines", "star"))
    if mark == "eye":
        c.path(
            lens((x - wide * 0.33, palm), (x + wide * 0.33, palm), wide * 0.17, wide * 0.17),
            s.ground,
        )
        c.circle(x, palm, wide * 0.12, other)
    elif mark == "disc":
        c.circle(x, palm, wide * 0.22, other)
    elif mark == "lines":
        for line in range(3):
            c.ring(
                x - side * wide * 0.5,
                palm + wide * 0.3,
                wide * (0.3 + 0.16 * line),
                s.ground,
                wide * 0.035,
            )
    else:
        c.polygon(
            [polar(x, palm, wide * (0.1 if tip % 2 else 0.27), tip / 16) for tip in range(16)],
            other,
        )
    c.floor = ink


def bloom(c: Canvas) -> None:
    """A flower of petals."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * rng.uniform(0.38, 0.46), c.unit * rng.uniform(0.34, 0.42)
    if rng.chance(0.6):
        c.runs_off = True
        bend = c.unit * rng.uniform(-0.2, 0.2)
        c.line(
            f"M{x:.0f} {y:.0f}Q{x + bend:.0f} {(y + c.height) / 2:.0f} {x:.0f} {c.height + 20:.0f}",
            s.figure,
            c.unit * 0.035,
        )
        for side in (-1, 1):
            ly = c.height * rng.uniform(0.78, 0.95)
            c.path(
                lens(
                    (x + bend * 0.3, ly),
                    (x + side * c.unit * 0.32, ly - c.unit * 0.18),
                    c.unit * 0.07,
                    c.unit * 0.07,
                ),
                s.figure,
            )
    count, start = rng.integer(5, 12), rng.uniform(0, 1)
    width = r * rng.uniform(1.5, 2.4) / count
    for layer, ink in ((1.0, s.accent), (0.66, s.second)):
        for petal in range(count):
            turn = start + (petal + (0.5 if layer < 1 else 0)) / count
            c.path(lens((x, y), polar(x, y, r * layer, turn), width * layer, width * layer), ink)
    c.circle(x, y, r * rng.uniform(0.14, 0.24), s.figure)


def heart(c: Canvas) -> None:
    """A heart of two halves, two shifted halves, rings, or two hearts."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.46, c.unit * rng.uniform(0.19, 0.23)
    kind = rng.choice(("halves", "slipped", "rings", "pair"))

    def outline(hx: float, hy: float, size: float) -> str:
        return (
            disc(hx - size * 0.98, hy - size * 0.4, size)
            + disc(hx + size * 0.98, hy - size * 0.4, size)
            + polygon(
                [
                    (hx - size * 1.72, hy + size * 0.27),
                    (hx, hy - size * 0.6),
                    (hx + size * 1.72, hy + size * 0.27),
                    (hx, hy + size * 2.05),
                ]
            )
        )

    if kind == "rings":
        for index, ink in enumerate((s.second, s.figure, s.accent, s.ground)):
            c.path(outline(x, y - r * 0.08 * index, r * (1.12 - 0.27 * index)), ink)
    elif kind == "pair":
        with c.turned(-14, x, y):
            c.path(outline(x - r * 0.5, y - r * 0.5, r * 0.85), s.accent)
        with c.turned(16, x, y):
            c.path(outline(x + r * 0.5, y + r * 0.7, r * 0.85), s.second)
    else:
        slip = r * rng.uniform(0.3, 0.6) * rng.sign() if kind == "slipped" else 0
        for side, ink in ((-1, s.accent), (1, s.second if rng.chance(0.5) else s.figure)):
            edge = x if side > 0 else x - r * 3
            with c.clipped(f"M{edge:.0f} 0h{r * 3:.0f}v{c.height:.0f}h-{r * 3:.0f}z"):
                c.path(outline(x, y + side * slip / 2, r), ink)


FAMILIES = (eye, face, hand, bloom, heart)
