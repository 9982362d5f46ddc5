"""Eyes, faces, hands, hearts, flowers."""

from ..canvas import Canvas, disc, lens, oval, polar, polygon, sector, smooth


def eye(c: Canvas) -> None:
    """An eye that looks back."""
    s, dice = c.scheme, c.dice
    x, y, half = c.focus, c.height * dice.between(0.42, 0.56), c.unit * dice.between(0.4, 0.46)
    kind = dice.pick(("one", "rays", "stack"))
    if kind == "stack":
        count = dice.whole(3, 4)
        for index in range(count):
            row = c.height * (index + 0.5) / count
            _eye(
                c,
                x,
                row,
                min(half, c.height / count * 0.95),
                c.height / count * 0.36,
                dice.between(-0.5, 0.5),
            )
        return
    if kind == "rays":
        for ray in range(dice.pick((11, 15, 19))):
            turn = 0.5 + (ray + 0.5) / 15 * 0.5
            c.segment(
                polar(x, y, half * 0.75, turn),
                polar(x, y, half * dice.between(1.1, 1.35), turn),
                s.second,
                c.unit * 0.03,
            )
    _eye(
        c,
        x,
        y,
        half,
        half * dice.between(0.42, 0.62),
        0 if kind == "rays" else dice.between(-0.3, 0.3),
    )
    if kind == "one" and dice.chance(0.6):
        drop = c.unit * 0.09
        dy = y + half * 0.95
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


def face(c: Canvas) -> None:  # noqa: C901
    """A face put together from cut paper."""
    s, dice = c.scheme, c.dice
    x, y = c.focus, c.height * dice.between(0.46, 0.54)
    rx, ry = (
        c.unit * dice.between(0.29, 0.36),
        min(c.height * 0.42, c.unit * dice.between(0.38, 0.5)),
    )
    head = oval(x, y, rx, ry)
    neck = rx * 0.4
    c.rect(x - neck, y, 2 * neck, c.height - y, s.second)
    c.path(head, s.figure)
    with c.clipped(head):
        split = dice.pick(("half", "diagonal", "band", "none"))
        if split == "half":
            c.rect(x, y - ry, rx, 2 * ry, s.accent)
        elif split == "diagonal":
            c.polygon([(x - rx, y - ry), (x + rx, y - ry), (x + rx, y + ry * 0.8)], s.accent)
        elif split == "band":
            c.rect(x - rx, y - ry * 0.42, 2 * rx, ry * 0.5, s.accent)
        hair = dice.pick(("cap", "fringe", "none"))
        if hair == "cap":
            c.rect(x - rx, y - ry, 2 * rx, ry * dice.between(0.36, 0.5), s.second)
        elif hair == "fringe":
            for strand in range(6):
                c.path(sector(x - rx + rx * 0.4 * strand, y - ry, ry * 0.62, 0, 0.25), s.second)
    ey, gap, size = y - ry * 0.16, rx * 0.46, rx * 0.23
    for side in (-1, 1):
        ex, style = x + side * gap, dice.pick(("almond", "dot", "lid", "ring"))
        if style == "almond":
            c.path(
                lens((ex - size * 1.3, ey), (ex + size * 1.3, ey), size * 0.75, size * 0.75),
                s.ground,
            )
            c.circle(ex, ey, size * 0.5, s.second)
        elif style == "dot":
            c.circle(ex, ey, size * 0.75, s.ground)
        elif style == "lid":
            c.path(sector(ex, ey - size * 0.3, size * 1.1, 0, 0.5), s.ground)
        else:
            c.ring(ex, ey, size * 0.95, s.ground, size * 0.5)
    nose, lean = ry * 0.42, dice.sign()
    c.polygon([(x, ey), (x + lean * rx * 0.26, ey + nose), (x, ey + nose)], s.ground)
    mouth, my = rx * dice.between(0.28, 0.5), y + ry * 0.56
    style = dice.pick(("lips", "smile", "bar", "o"))
    if style == "lips":
        c.path(lens((x - mouth, my), (x + mouth, my), rx * 0.12, rx * 0.16), s.second)
    elif style == "smile":
        c.path(sector(x, my - mouth * 0.3, mouth, 0, 0.5), s.ground)
    elif style == "bar":
        c.rect(x - mouth, my - rx * 0.05, 2 * mouth, rx * 0.1, s.ground)
    else:
        c.circle(x, my, mouth * 0.5, s.ground)


def hand(c: Canvas) -> None:
    """A raised hand."""
    s, dice = c.scheme, c.dice
    x, wide = c.focus, c.unit * dice.between(0.36, 0.44)
    palm, wrist = c.height * 0.62, wide * 0.72
    ink = dice.pick((s.figure, s.accent))
    other = s.accent if ink == s.figure else s.figure
    if dice.chance(0.6):
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
    side = dice.sign()
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
    mark = dice.pick(("eye", "disc", "lines", "star"))
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
    c.floor = s.ground


def bloom(c: Canvas) -> None:
    """A flower of petals."""
    s, dice = c.scheme, c.dice
    x, y, r = c.focus, c.height * dice.between(0.38, 0.46), c.unit * dice.between(0.34, 0.42)
    if dice.chance(0.6):
        bend = c.unit * dice.between(-0.2, 0.2)
        c.line(
            f"M{x:.0f} {y:.0f}Q{x + bend:.0f} {(y + c.height) / 2:.0f} {x:.0f} {c.height + 20:.0f}",
            s.figure,
            c.unit * 0.035,
        )
        for side in (-1, 1):
            ly = c.height * dice.between(0.78, 0.95)
            c.path(
                lens(
                    (x + bend * 0.3, ly),
                    (x + side * c.unit * 0.32, ly - c.unit * 0.18),
                    c.unit * 0.07,
                    c.unit * 0.07,
                ),
                s.figure,
            )
    count, start = dice.whole(5, 12), dice.between(0, 1)
    width = r * dice.between(1.5, 2.4) / count
    for layer, ink in ((1.0, s.accent), (0.66, s.second)):
        for petal in range(count):
            turn = start + (petal + (0.5 if layer < 1 else 0)) / count
            c.path(lens((x, y), polar(x, y, r * layer, turn), width * layer, width * layer), ink)
    c.circle(x, y, r * dice.between(0.14, 0.24), s.figure)


def heart(c: Canvas) -> None:
    """A heart: whole, halved or slipped."""
    s, dice = c.scheme, c.dice
    x, y, r = c.focus, c.height * 0.46, c.unit * dice.between(0.19, 0.23)
    kind = dice.pick(("halves", "slipped", "rings", "pair"))

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
        slip = r * dice.between(0.3, 0.6) * dice.sign() if kind == "slipped" else 0
        for side, ink in ((-1, s.accent), (1, s.second if dice.chance(0.5) else s.figure)):
            edge = x if side > 0 else x - r * 3
            with c.clipped(f"M{edge:.0f} 0h{r * 3:.0f}v{c.height:.0f}h-{r * 3:.0f}z"):
                c.path(outline(x, y + side * slip / 2, r), ink)


FAMILIES = (eye, face, hand, bloom, heart)
