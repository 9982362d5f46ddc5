"""Abstract compositions: spirals, arcs, blocks, chevrons and labyrinths."""

from movies.posters.drawing.canvas import Canvas, disc, frame, number, oval, polar, sector


def spiral(c: Canvas) -> None:
    """Ellipses around one centre, or a coil, sometimes with a falling person."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.48, c.unit * rng.uniform(0.44, 0.54)
    if rng.chance(0.45):
        _coil(c, x, y, r)
        return
    count, flat = rng.choice((5, 8, 12, 16)), rng.uniform(0.16, 0.5)
    if rng.chance(0.5):
        c.circle(x, y, r * 0.78, s.accent)
    for turn in range(count):
        with c.turned(180 * turn / count, x, y):
            c.line(oval(x, y, r, r * flat), s.figure, c.unit * 0.06 / count**0.85)
    eye = r * rng.uniform(0.16, 0.26)
    c.circle(x, y, eye, s.second)
    if rng.chance(0.5):
        _tumbler(c, x, y, eye * 1.5, rng.uniform(0, 360))


def _coil(c: Canvas, x: float, y: float, r: float) -> None:
    """A spiral of half circles, with one arm or two."""
    s, rng = c.scheme, c.rng
    turns, way = rng.integer(3, 5), rng.sign()
    gap, lean = r / turns, rng.uniform(0, 360)
    arms = [(s.figure, 0.0)] if rng.chance(0.5) else [(s.accent, 0.0), (s.figure, 180.0)]
    if rng.chance(0.4):
        c.circle(x, y, r * 0.9, s.second)
    for ink, start in arms:
        d, side, px = f"M{number(x)} {number(y)}", way, x
        for half in range(1, 2 * turns + 1):
            size = number(gap * half / 2)
            px += side * gap * half
            d += f"A{size} {size} 0 0 {int(way > 0)} {number(px)} {number(y)}"
            side = -side
        with c.turned(start + lean, x, y):
            c.line(d, ink, gap * (0.5 if len(arms) == 1 else 0.28), "round")
    c.circle(x, y, gap * 0.5, s.accent if len(arms) == 1 else s.ground)


def _tumbler(c: Canvas, x: float, y: float, size: float, degrees: float) -> None:
    """A falling person with arms and legs stretched out."""
    ink, w = c.scheme.text_on(c.scheme.second), size * 0.22
    with c.turned(degrees, x, y):
        c.circle(x, y - size * 0.62, size * 0.17, ink)
        c.segment((x, y - size * 0.35), (x, y + size * 0.15), ink, w * 1.3)
        for dx, dy in ((-0.6, -0.5), (0.62, -0.2)):
            c.segment((x, y - size * 0.32), (x + size * dx, y + size * dy), ink, w * 0.7)
        for dx, dy in ((-0.45, 0.75), (0.5, 0.62)):
            c.segment((x, y + size * 0.1), (x + size * dx, y + size * dy), ink, w * 0.9)


def quavers(c: Canvas) -> None:
    """Arcs around one centre. Each thickness is twice or half of another."""
    s, rng = c.scheme, c.rng
    x = c.focus + c.unit * rng.uniform(-0.24, 0.24)
    y = c.height * rng.uniform(0.36, 0.64)
    inks = rng.shuffled([s.figure, s.figure, s.accent, s.second])
    step, reach = c.unit * rng.uniform(0.04, 0.055), max(c.width, c.height) * 0.8
    radius, index = step * 1.6, 0
    while radius < reach:
        weight = step * 2 ** rng.integer(-1, 1 if radius < c.unit * 0.25 else 2)
        start = rng.integer(0, 15) / 16
        for _ in range(2):
            sweep = rng.integer(3, 7) / 16
            _arc(c, x, y, radius + weight / 2, (start, start + sweep), inks[index % 4], weight)
            start += sweep + rng.integer(1, 3) / 16
            index += rng.integer(0, 1)
        radius += weight + step * 0.3
        index += 1
    c.circle(x, y, step * 1.1, s.figure)


def _arc(
    c: Canvas,
    x: float,
    y: float,
    radius: float,
    turns: tuple[float, float],
    ink: str,
    weight: float,
) -> None:
    (x1, y1), (x2, y2) = polar(x, y, radius, turns[0]), polar(x, y, radius, turns[1])
    r, far = number(radius), int(turns[1] - turns[0] > 0.5)
    rim = f"A{r} {r} 0 {far} 1 {number(x2)} {number(y2)}"
    c.line(f"M{number(x1)} {number(y1)}{rim}", ink, weight)


def blocks(c: Canvas) -> None:
    """Large flat areas and one small disc."""
    c.rng.choice((_cross, _slant, _frames))(c)


def _cross(c: Canvas) -> None:
    """Four areas that meet in a disc; the disc's quarters have the opposite inks."""
    s, rng = c.scheme, c.rng
    x, y = c.width * rng.choice((0.33, 0.5, 0.62)), c.height * rng.choice((0.3, 0.45, 0.6))
    inks = rng.shuffled([s.figure, s.accent, s.second, s.ground])
    c.rect(0, 0, x + 0.5, y + 0.5, inks[0])
    c.rect(x, 0, c.width - x, y + 0.5, inks[1])
    c.rect(0, y, x + 0.5, c.height - y, inks[2])
    c.rect(x, y, c.width - x, c.height - y, inks[3])
    r = c.unit * rng.uniform(0.14, 0.24)
    for turn, ink in enumerate((inks[3], inks[2], inks[0], inks[1])):
        c.path(sector(x, y, r, turn / 4 + 0.5, turn / 4 + 0.75), ink)


def _slant(c: Canvas) -> None:
    """A band across the canvas, and a sun on one side."""
    s, rng = c.scheme, c.rng
    lean = c.unit * rng.uniform(0.3, 0.9) * rng.sign()
    middle = c.focus + c.unit * rng.uniform(-0.15, 0.15)
    for offset, ink in ((0.0, s.accent), (c.unit * 0.26, s.figure)):
        top, foot = middle + lean / 2 + offset, middle - lean / 2 + offset
        far = c.width * 2
        c.polygon([(top, 0), (far, 0), (far, c.height), (foot, c.height)], ink)
    y = c.height * rng.uniform(0.25, 0.7)
    c.circle(c.focus - c.unit * 0.22, y, c.unit * rng.uniform(0.12, 0.2), s.second)


def _frames(c: Canvas) -> None:
    """Frames inside frames, not centred."""
    s, rng = c.scheme, c.rng
    inset = c.unit * rng.uniform(0.085, 0.11)
    dx, dy = rng.uniform(0.3, 1.7), rng.uniform(0.3, 1.7)
    for ring, ink in enumerate((s.accent, s.ground, s.second, s.figure), start=1):
        width, high = c.width - 2 * inset * ring, c.height - 2 * inset * ring
        c.rect(inset * ring * dx, inset * ring * dy, width, high, ink)


def chevrons(c: Canvas) -> None:
    """Rows of arrows in one direction."""
    s, rng = c.scheme, c.rng
    tilt, count = rng.choice((0.0, 90.0, -90.0, -45.0, 35.0)), rng.integer(3, 6)
    x, y, reach = c.focus, c.height / 2, max(c.width, c.height)
    step = c.unit * 1.5 / count
    weight = step * rng.uniform(0.35, 0.62)
    inks = rng.shuffled([s.figure, s.accent, s.second])
    with c.turned(tilt, x, y):
        for index in range(count):
            top = y - c.unit * 0.75 + step * (index + 0.3)
            points = [(x - reach, top + reach), (x, top), (x + reach, top + reach)]
            low = [(px, py + weight * 1.4) for px, py in reversed(points)]
            c.polygon([*points, *low], inks[index % 3] if rng.chance(0.8) else inks[0])
    if rng.chance(0.5):
        c.circle(x, y, c.unit * 0.12, rng.choice(inks))


def procession(c: Canvas) -> None:
    """Discs that grow along a curve without touching."""
    s, rng = c.scheme, c.rng
    inks = rng.choice(((s.figure, s.accent), (s.accent, s.figure, s.second), (s.second, s.accent)))
    hollow, way = rng.choice(("none", "ring", "dot")), rng.sign()
    x, y = c.focus, c.height * 0.5
    turn, radius, size = rng.uniform(0, 1), c.unit * rng.uniform(0.3, 0.36), c.unit * 0.165
    index = 0
    while size > c.unit * 0.012:
        px, py = polar(x, y, radius, turn)
        c.circle(px, py, size, inks[index % len(inks)])
        if hollow == "ring":
            c.circle(px, py, size * 0.62, s.ground)
        elif hollow == "dot":
            c.circle(px, py, size * 0.3, s.ground)
        shrunk = size * rng.uniform(0.76, 0.8)
        turn += way * (size + shrunk + c.unit * 0.012) / (radius * 6.283) * 1.04
        size, index = shrunk, index + 1


def labyrinth(c: Canvas) -> None:
    """Walls with gaps, and a way to the centre."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.5, c.unit * rng.uniform(0.41, 0.47)
    walls, square = rng.integer(4, 7), rng.chance(0.45)
    step = r / walls
    weight = step * rng.uniform(0.36, 0.58)
    if rng.chance(0.5):
        back = r + step * 0.4
        c.path(
            frame(x - back, y - back, 2 * back, 2 * back) if square else disc(x, y, back), s.accent
        )
    for wall in range(walls - 1):
        radius = r - step * wall - weight / 2
        gap, spoke = rng.uniform(0, 1), rng.uniform(0.15, 0.8)
        if square:
            side = rng.integer(0, 3)
            with c.turned(90 * side, x, y):
                c.line(_pen(x, y, radius, step * rng.uniform(0.5, 0.7)), s.figure, weight)
                across = radius * rng.uniform(-0.6, 0.6)
                if wall < walls - 2:
                    c.rect(x + across, y + radius - step, weight, step, s.figure)
            continue
        _arc(c, x, y, radius, (gap, gap + 0.9), s.figure, weight)
        if wall < walls - 2:
            ends = polar(x, y, radius - step, gap + spoke), polar(x, y, radius, gap + spoke)
            c.segment(*ends, s.figure, weight)
    c.circle(x, y, weight * 1.1, s.second)


def _pen(x: float, y: float, half: float, gap: float) -> str:
    """A square wall with a gap in the middle of its top side."""
    return (
        f"M{number(x + gap)} {number(y - half)}H{number(x + half)}V{number(y + half)}"
        f"H{number(x - half)}V{number(y - half)}H{number(x - gap)}"
    )


FAMILIES = (spiral, quavers, blocks, chevrons, procession, labyrinth)
