"""Stairs, streets, doors, houses."""

from movies.posters.drawing.canvas import Canvas, Point


def staircase(c: Canvas) -> None:
    """A staircase, or several flights, and a person who climbs."""
    s, rng = c.scheme, c.rng
    if rng.chance(0.35):
        _flights(c)
        return
    count, side = rng.integer(5, 9), rng.sign()
    top, run = c.height * rng.uniform(0.26, 0.4), c.width / count
    rise = (c.height - top) / count

    def along(x: float) -> float:
        return x if side > 0 else c.width - x

    sun = along(c.width * rng.uniform(0.2, 0.34))
    c.circle(sun, c.height * 0.26, c.unit * rng.uniform(0.12, 0.24), s.accent)
    edge: list[Point] = []
    for step in range(count):
        y = c.height - rise * (step + 1)
        edge += [(along(run * step), y), (along(run * (step + 1)), y)]
    feet = [(along(c.width), c.height), (along(0), c.height)]
    c.polygon([*((x, y - rise * 0.5) for x, y in edge), *feet], s.second)
    c.polygon([*edge, *feet], s.figure)
    c.floor = s.figure
    walker = rng.integer(1, count - 3)
    _walker(c, along(run * (walker + 0.5)), c.height - rise * (walker + 1), c.unit * 0.2, s.accent)


def _flights(c: Canvas) -> None:
    """Flights of stairs that go left and right in turn, seen from the side."""
    s, rng = c.scheme, c.rng
    flights, steps = rng.integer(2, 3), rng.integer(5, 7)
    way, high = rng.sign(), c.height / (flights + 0.35)
    left, right = c.focus - c.unit * 0.4, c.focus + c.unit * 0.4
    run, rise = (right - left) / steps, high / steps
    for flight in range(flights):
        base, ink = c.height - high * flight, (s.figure, s.accent)[flight % 2]
        start = left if way > 0 else right
        edge: list[Point] = []
        for step in range(steps):
            y = base - rise * (step + 1)
            edge += [(start + way * run * step, y), (start + way * run * (step + 1), y)]
        under = [(x, y + rise * 1.6) for x, y in reversed(edge[1::2])]
        c.polygon([*edge, *under, (start, base + rise * 0.6)], ink)
        way = -way
    goal = (left if way > 0 else right), c.height - high * flights
    c.circle(goal[0] + way * run, goal[1] - c.unit * 0.02 - rise, c.unit * 0.08, s.second)
    _walker(c, c.focus, c.height - high * 0.5 - rise * 0.4, c.unit * 0.16, s.second)


def _walker(c: Canvas, x: float, foot: float, tall: float, ink: str) -> None:
    neck, w = foot - tall * 0.72, tall * 0.2
    c.polygon([(x - w, foot), (x - w / 4, neck), (x + w / 4, neck), (x + w, foot)], ink)
    c.circle(x, foot - tall * 0.82, tall * 0.12, ink)


def skyline(c: Canvas) -> None:
    """Tall buildings with a few lit windows."""
    s, rng = c.scheme, c.rng
    r = c.unit * rng.uniform(0.16, 0.28)
    c.circle(
        c.focus + c.width * rng.uniform(-0.25, 0.25),
        c.height * rng.uniform(0.24, 0.36),
        r,
        s.accent,
    )
    for ink, low, high, lit in ((s.second, 0.3, 0.55, False), (s.figure, 0.45, 0.86, True)):
        x = -c.unit * rng.uniform(0, 0.1)
        while x < c.width:
            wide = c.unit * rng.uniform(0.13, 0.25)
            top = c.height * rng.uniform(low, high)
            c.rect(x, top, wide + 0.5, c.height - top, ink)
            roof = rng.integer(0, 3)
            if roof == 0:
                c.polygon(
                    [(x, top + 0.5), (x + wide, top + 0.5), (x + wide, top - wide * 0.5)], ink
                )
            elif roof == 1:
                c.rect(x + wide * 0.46, top - wide * 0.6, wide * 0.08, wide * 0.6, ink)
            if lit:
                _windows(c, x, top, wide)
            x += wide
    c.floor = s.figure


def _windows(c: Canvas, x: float, top: float, wide: float) -> None:
    across, cell = c.rng.integer(2, 3), wide / 4
    y = top + cell
    while y < c.height - cell:
        for column in range(across):
            if c.rng.chance(0.42):
                ink = c.scheme.accent if c.rng.chance(0.7) else c.scheme.second
                c.rect(
                    x + wide * (column + 0.5) / across - cell * 0.3, y, cell * 0.6, cell * 0.8, ink
                )
        y += cell * 1.7


def doorway(c: Canvas) -> None:
    """A half-open door, and its light on the floor."""
    s, rng = c.scheme, c.rng
    x, wide, tall = c.focus, c.unit * rng.uniform(0.2, 0.3), c.height * rng.uniform(0.42, 0.56)
    base, lean = (
        c.height * rng.uniform(0.66, 0.74),
        c.unit * rng.uniform(0.15, 0.55) * rng.sign(),
    )
    if rng.chance(0.5):
        c.rect(0, base, c.width, c.height - base, s.second)
        c.floor = s.second
    half = wide / 2
    c.polygon(
        [
            (x - half, base),
            (x + half, base),
            (x + half + lean + wide * 0.7, c.height),
            (x - half + lean - wide * 0.7, c.height),
        ],
        s.accent,
    )
    kind = rng.choice(("door", "arch", "keyhole"))
    if kind == "keyhole":
        _keyhole(c, x, base, wide, tall)
    else:
        _door_ajar(c, x, base, wide, tall, arched=kind == "arch", to_the_right=lean < 0)
    _who_stands_in_it(c, x + wide * rng.uniform(-0.12, 0.12), base, wide, tall)


def _keyhole(c: Canvas, x: float, base: float, wide: float, tall: float) -> None:
    half, r = wide / 2, wide * 0.75
    c.circle(x, base - tall * 0.62, r, c.scheme.accent)
    c.polygon(
        [
            (x - r * 0.4, base - tall * 0.6),
            (x + r * 0.4, base - tall * 0.6),
            (x + half, base),
            (x - half, base),
        ],
        c.scheme.accent,
    )


def _door_ajar(
    c: Canvas, x: float, base: float, wide: float, tall: float, *, arched: bool, to_the_right: bool
) -> None:
    """The door's opening, and the door on the side away from the light."""
    half = wide / 2
    c.rect(x - half, base - tall, wide, tall, c.scheme.accent)
    if arched:
        c.circle(x, base - tall, half, c.scheme.accent)
    side = 1 if to_the_right else -1
    leaf = wide * c.rng.uniform(0.5, 0.8) * side
    edge = x + half * side
    c.polygon(
        [
            (edge, base),
            (edge, base - tall),
            (edge + leaf, base - tall * 1.08),
            (edge + leaf, base + tall * 0.1),
        ],
        c.scheme.figure,
    )


def _who_stands_in_it(c: Canvas, x: float, base: float, wide: float, tall: float) -> None:
    high, w = tall * c.rng.uniform(0.45, 0.62), wide * 0.22
    c.polygon(
        [
            (x - w, base + high * 0.04),
            (x - w * 0.4, base - high * 0.74),
            (x + w * 0.4, base - high * 0.74),
            (x + w, base + high * 0.04),
        ],
        c.scheme.figure,
    )
    c.circle(x, base - high * 0.86, w * 0.62, c.scheme.figure)


def road(c: Canvas) -> None:
    """A straight road to the horizon."""
    s, rng = c.scheme, c.rng
    level = c.height * rng.uniform(0.34, 0.5)
    vanish = c.focus + c.width * rng.uniform(-0.2, 0.2)
    r = c.unit * rng.uniform(0.14, 0.26)
    c.circle(
        vanish + c.width * rng.uniform(-0.1, 0.1), level - r * rng.uniform(0, 0.8), r, s.accent
    )
    c.rect(0, level, c.width, c.height - level, s.figure)
    base = c.focus + c.width * rng.uniform(-0.25, 0.25)
    spread = c.unit * rng.uniform(0.28, 0.42)
    c.polygon(
        [
            (vanish - 3, level),
            (vanish + 3, level),
            (base + spread, c.height),
            (base - spread, c.height),
        ],
        s.second,
    )
    y, dash = level + (c.height - level) * 0.06, 0.05
    while y < c.height:
        near = (y - level) / (c.height - level)
        end = min(c.height, y + (c.height - level) * dash)
        far = (end - level) / (c.height - level)
        m1, m2 = vanish + (base - vanish) * near, vanish + (base - vanish) * far
        w1, w2 = spread * 0.07 * near, spread * 0.07 * far
        c.polygon([(m1 - w1, y), (m1 + w1, y), (m2 + w2, end), (m2 - w2, end)], s.figure)
        y, dash = end + (c.height - level) * dash * 0.8, dash * 1.45
    poles = rng.integer(0, 5)
    side = rng.sign()
    for pole in range(poles):
        near = 0.12 * 1.75**pole
        px, py = (
            vanish + (base - vanish + side * spread * 1.5) * near,
            level + (c.height - level) * near,
        )
        tall = c.height * 0.75 * near
        c.rect(px, py - tall, max(2, 12 * near), tall, s.accent)
        for arm in (0.95, 0.82):
            c.rect(px - tall * 0.1, py - tall * arm, tall * 0.22, max(2, 8 * near), s.accent)
    c.floor = s.figure


FAMILIES = (staircase, skyline, doorway, road)
