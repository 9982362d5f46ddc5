"""Torn paper, blades, letters, targets, records."""

from movies.posters.drawing.canvas import Canvas, Point, disc, lens, number, polar, sector
from movies.posters.drawing.typeface import face


def torn(c: Canvas) -> None:
    """Torn sheets of paper on top of each other."""
    s, rng = c.scheme, c.rng
    inks = rng.shuffled([s.figure, s.accent, s.second])
    if rng.chance(0.6):
        c.circle(c.focus, c.height * 0.32, c.unit * rng.uniform(0.2, 0.3), inks[2])
    upright = rng.chance(0.35)
    level = rng.uniform(0.3, 0.42)
    for ink in inks:
        slope = rng.uniform(-0.12, 0.12)
        edge: list[Point] = []
        steps = 22
        span = c.height if upright else c.width
        deep = c.width if upright else c.height
        for step in range(steps + 1):
            share = step / steps
            rough = rng.uniform(-0.022, 0.022) * c.unit
            edge.append((span * share, deep * (level + slope * (share - 0.5)) + rough))
        points = [*edge, (span, deep), (0, deep)]
        pale = [(a, b - c.unit * rng.uniform(0.012, 0.03)) for a, b in edge] + [
            (span, deep),
            (0, deep),
        ]
        for shape, fill in ((pale, s.palette.paper), (points, ink)):
            c.polygon([(b, a) for a, b in shape] if upright else shape, fill)
        level += rng.uniform(0.17, 0.24)
        c.floor = c.floor if upright else ink


def blades(c: Canvas) -> None:
    """Sharp triangles, scratches of claws, or a knife."""
    s, rng = c.scheme, c.rng
    kind = rng.choice(("shards", "claws", "knife"))
    x, y = c.focus, c.height * 0.5
    if kind == "shards":
        count = rng.integer(5, 9)
        target = (x + c.unit * rng.uniform(-0.1, 0.1), c.height * rng.uniform(0.5, 0.75))
        if rng.chance(0.7):
            c.circle(*target, c.unit * rng.uniform(0.2, 0.3), s.accent)
        for shard in range(count):
            left = c.width * shard / count
            tip = (left + (target[0] - left) * 0.75, target[1] * rng.uniform(0.6, 1.15))
            c.polygon(
                [(left, 0), (left + c.width / count * rng.uniform(0.5, 0.95), 0), tip],
                s.figure,
            )
        c.sky = s.figure
    elif kind == "claws":
        c.circle(x, y, c.unit * 0.38, s.accent)
        count, tilt = rng.integer(3, 5), rng.uniform(14, 38) * rng.sign()
        with c.turned(tilt, x, y):
            for claw in range(count):
                cx = x + (claw - (count - 1) / 2) * c.unit * 0.17
                high = c.unit * rng.uniform(0.5, 0.72)
                c.path(
                    lens((cx, y - high), (cx, y + high), c.unit * 0.045, c.unit * 0.02),
                    s.figure if claw % 2 else s.ground,
                )
    else:
        tilt = rng.choice((0.0, 24.0, -24.0, 180.0))
        w, high = c.unit * 0.13, min(c.unit * 0.92, c.height * 0.92)
        top = y - high / 2
        c.circle(x, y, c.unit * 0.34, s.second)
        with c.turned(tilt, x, y):
            c.polygon(
                [
                    (x - w * 0.7, top + high * 0.62),
                    (x - w * 0.7, top + high * 0.2),
                    (x + w * 0.75, top),
                    (x + w * 0.75, top + high * 0.62),
                ],
                s.figure,
            )
            c.rect(x - w, top + high * 0.62, 2 * w, high * 0.035, s.accent)
            c.rect(x - w * 0.55, top + high * 0.655, w * 1.1, high * 0.345, s.accent)
            for rivet in range(3):
                c.circle(x, top + high * (0.72 + 0.1 * rivet), w * 0.14, s.ground)


def letterform(c: Canvas) -> None:
    """The title's first letter, larger than the canvas."""
    s, rng = c.scheme, c.rng
    c.runs_off = True
    run = face("wide").set(c.initial)
    tall = c.height * rng.uniform(0.95, 1.35)
    size = tall / run.height
    size = min(size, c.unit * 1.5 / run.width)
    x = c.focus - run.width * size / 2 + c.unit * rng.uniform(-0.12, 0.12)
    baseline = c.height / 2 + run.height * size / 2 - run.box.bottom * size
    kind = rng.choice(("echo", "sliced", "dotted"))
    outline = run.glyphs[0][1]

    def letter(dx: float, dy: float, ink: str) -> None:
        left = x + dx - run.box.left * size
        place = f"translate({number(left)} {number(baseline + dy)}) scale({size / 1000:.3f})"
        c.parts.append(f'<path transform="{place}" fill="{ink}" d="{outline}"/>')

    if kind == "echo":
        step = c.unit * rng.uniform(0.05, 0.09) * rng.sign()
        for index, ink in enumerate((s.second, s.accent, s.figure)):
            letter(step * (index - 1), c.unit * 0.06 * (index - 1), ink)
    elif kind == "sliced":
        count, slip = rng.integer(3, 6), c.unit * rng.uniform(0.05, 0.14)
        inks = (s.figure, s.accent)
        for band in range(count):
            top, high = c.height * band / count, c.height / count
            with c.clipped(
                f"M0 {number(top)}h{number(c.width)}v{number(high)}h{number(-c.width)}z"
            ):
                letter(slip if band % 2 else -slip, 0, inks[band % 2])
    else:
        c.circle(
            c.focus + c.unit * 0.2 * rng.sign(),
            c.height * rng.uniform(0.3, 0.7),
            c.unit * 0.32,
            s.accent,
        )
        letter(0, 0, s.figure)
        c.circle(
            c.focus + c.unit * 0.25 * rng.sign(),
            c.height * rng.uniform(0.3, 0.7),
            c.unit * 0.1,
            s.second,
        )


def target(c: Canvas) -> None:
    """A target of rings with a cross-hair, or of quarters."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.5, c.unit * rng.uniform(0.38, 0.44)
    if rng.chance(0.5):
        inks = (s.figure, s.accent, s.second)
        rings = rng.integer(3, 5)
        for ring in range(rings):
            radius = r * (1 - ring / rings)
            c.circle(x, y, radius, inks[ring % 3])
            for quarter in range(1, 4):
                c.path(
                    sector(x, y, radius, quarter / 4, (quarter + 1) / 4 - 0.0001),
                    inks[(ring + quarter) % 3],
                )
        c.circle(x, y, r * 0.08, s.ground)
        return
    rings = rng.integer(3, 6)
    for ring in range(rings):
        c.circle(x, y, r * (1 - ring / rings), (s.accent, s.ground)[ring % 2])
    w = c.unit * 0.014
    for length in (1.25,):
        c.rect(x - r * length, y - w / 2, 2 * r * length, w, s.figure)
        c.rect(x - w / 2, y - r * length, w, 2 * r * length, s.figure)
    c.ring(x, y, r * 1.08, s.figure, w)
    px, py = polar(x, y, r * rng.uniform(0.2, 0.6), rng.uniform(0, 1))
    c.circle(px, py, r * 0.13, s.second)


def record(c: Canvas) -> None:
    """A vinyl record, half of one, or bars of sound levels."""
    s, rng = c.scheme, c.rng
    kind = rng.choice(("whole", "half", "bars"))
    x, y, r = c.focus, c.height * 0.5, c.unit * 0.41
    if kind == "bars":
        count = rng.integer(7, 11)
        wide = c.width / count
        for bar in range(count):
            high = c.height * rng.uniform(0.2, 0.95)
            c.rect(
                bar * wide + wide * 0.14,
                c.height - high,
                wide * 0.72,
                high,
                (s.figure, s.accent, s.second)[bar % 3],
            )
            c.circle(
                bar * wide + wide / 2,
                c.height - high,
                wide * 0.36,
                (s.figure, s.accent, s.second)[bar % 3],
            )
        return
    if kind == "half":
        x, r = (0 if rng.chance(0.5) and c.width < c.height else c.width), c.unit * 0.62
    c.circle(x, y, r, s.figure)
    for groove in range(5):
        c.ring(x, y, r * (0.92 - 0.1 * groove), s.ground, c.unit * 0.005)
    for turn in (0.08, 0.58):
        c.path(sector(x, y, r * 0.97, turn, turn + 0.07), s.second)
    c.circle(x, y, r * 0.38, s.accent)
    c.path(sector(x, y, r * 0.38, 0.0, 0.5), s.second)
    c.circle(x, y, r * 0.05, s.ground)


def lanes(c: Canvas) -> None:
    """The lanes of a running track in a curve, and a ball."""
    s, rng = c.scheme, c.rng
    x, y = (0.0 if rng.chance(0.5) else c.width), c.height * rng.choice((0.0, 1.0, 0.5))
    reach, count = max(c.width, c.height) * 0.95, rng.integer(5, 8)
    c.circle(x, y, reach, s.accent)
    for lane in range(count):
        c.ring(x, y, reach * (1 - lane * 0.105), s.figure, c.unit * 0.012)
    c.circle(x, y, reach * (1 - (count - 0.2) * 0.105), s.second)
    bx = c.focus
    c.circle(bx, c.height * 0.5, c.unit * 0.11, s.ground)
    with c.clipped(disc(bx, c.height * 0.5, c.unit * 0.11)):
        c.ring(bx - c.unit * 0.12, c.height * 0.5, c.unit * 0.1, s.figure, c.unit * 0.016)
        c.ring(bx + c.unit * 0.12, c.height * 0.5, c.unit * 0.1, s.figure, c.unit * 0.016)


FAMILIES = (torn, blades, letterform, target, record, lanes)
