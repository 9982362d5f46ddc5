"""Suns, moons, stars, light."""

from itertools import pairwise
from math import pi, sin

from movies.posters.drawing.canvas import Canvas, disc, oval, polar, sector


def eclipse(c: Canvas) -> None:
    """One disc in front of another."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * rng.uniform(0.42, 0.55), c.unit * rng.uniform(0.3, 0.38)
    kind = rng.choice(("crescent", "meeting", "slipped", "phases"))
    if kind == "crescent":
        turn = rng.uniform(0, 1)
        for ring in range(rng.integer(2, 5), 0, -1):
            c.ring(x, y, r + ring * r * 0.17, s.second, c.unit * 0.012)
        c.circle(x, y, r, s.accent)
        bite = polar(x, y, r * rng.uniform(0.22, 0.5), turn)
        c.circle(*bite, r * rng.uniform(0.84, 0.97), s.figure)
    elif kind == "meeting":
        slope = rng.uniform(-0.09, 0.09) + 0.25 * rng.chance(0.5)
        a, b = polar(x, y, r * 0.62, slope), polar(x, y, r * 0.62, slope + 0.5)
        c.circle(*a, r * 1.08, s.accent)
        c.circle(*b, r * 1.08, s.second)
        with c.clipped(disc(*a, r * 1.08)):
            c.circle(*b, r * 1.08, s.figure)
    elif kind == "slipped":
        slip, r = r * rng.uniform(0.3, 0.6) * rng.sign(), r * 1.15
        turn = rng.choice((0.0, 0.0, 0.5, 0.06, -0.06))
        with c.turned(turn * 360, x, y):
            c.path(sector(x - slip / 2, y - r * 0.02, r, 0.5, 1.0), s.figure)
            c.path(sector(x + slip / 2, y + r * 0.02, r, 0.0, 0.5), s.accent)
            c.circle(x + slip / 2, y + r * 0.5, r * 0.16, s.second)
    else:
        count = rng.integer(3, 5)
        size = min(c.height / (2.15 * count), c.unit * 0.24)
        for index in range(count):
            row = c.height * (index + 0.5) / count
            c.circle(x, row, size, s.figure if index % 2 else s.accent)
            shift = size * (-1.5 + 3.0 * index / (count - 1))
            with c.clipped(disc(x, row, size)):
                c.circle(x + shift, row, size, s.second)


def horizon(c: Canvas) -> None:
    """A sun above hills, mountains or a sea that fill the lower part."""
    s, rng = c.scheme, c.rng
    x, r = c.focus + c.unit * rng.uniform(-0.18, 0.18), c.unit * rng.uniform(0.2, 0.32)
    level = c.height * rng.uniform(0.5, 0.62)
    y = level - r * rng.uniform(-0.1, 1.0)
    c.circle(x, y, r, s.accent)
    kind = rng.choice(("hills", "peaks", "sea"))
    inks = [s.second, s.figure, s.accent, s.figure]
    layers = 4 if kind == "hills" else 3
    if kind == "sea":
        c.rect(0, level, c.width, c.height - level, s.figure)
        stripe, step = level, c.height * 0.03
        while stripe < c.height:
            half = (
                r * (0.95 - 0.6 * (stripe - level) / (c.height - level)) * rng.uniform(0.75, 1.15)
            )
            c.rect(x - half, stripe + step * 0.5, 2 * half, step * 0.55, s.second)
            stripe += step * 1.25
        c.floor = s.figure
        return
    for layer in range(layers):
        top = level + (c.height - level) * layer / layers * 0.95
        swell = c.unit * rng.uniform(0.07, 0.13)
        if kind == "hills":
            phase, pitch = rng.uniform(0, 1), rng.uniform(0.7, 1.3) * c.unit
            count = round(c.width / 36)
            steps = [c.width * i / count for i in range(count + 1)]
            ridge = [(px, top - swell * sin((px / pitch + phase) * 2 * pi)) for px in steps]
        else:
            count, ridge = rng.integer(2, 4), [(-0.2 * c.width, top + swell)]
            for peak in range(count):
                middle = c.width * (peak + rng.uniform(0.3, 0.7)) / count
                ridge += [(middle, top - swell * rng.uniform(0.8, 2.6))]
                ridge += [(c.width * (peak + 1) / count, top + swell * rng.uniform(0.2, 1))]
        ink = inks[layer]
        c.polygon([*ridge, (c.width * 1.2, c.height), (-0.2 * c.width, c.height)], ink)
        c.floor = ink


def burst(c: Canvas) -> None:
    """Rays from a bright point."""
    s, rng = c.scheme, c.rng
    x, y = c.focus, c.height * rng.choice((0.5, 0.5, 0.35, 0.7))
    reach, count = c.width + c.height, rng.choice((9, 12, 16, 20, 28))
    kind = rng.choice(("rays", "star", "spikes"))
    if kind in ("rays", "star"):
        start, share = rng.uniform(0, 1), rng.uniform(0.35, 0.6)
        inks = [s.accent] if rng.chance(0.6) else [s.accent, s.second]
        for ray in range(count):
            a, b = start + ray / count, start + (ray + share) / count
            c.polygon([(x, y), polar(x, y, reach, a), polar(x, y, reach, b)], inks[ray % len(inks)])
    if kind == "rays":
        r = c.unit * rng.uniform(0.16, 0.28)
        c.circle(x, y, r * 1.28, s.ground)
        c.circle(x, y, r, s.figure)
        if rng.chance(0.6):
            c.circle(x, y, r * 0.42, s.second)
        return
    points = rng.integer(7, 14)
    sizes = (0.46, 0.34, 0.2) if kind == "spikes" else (0.36, 0.24)
    for size, ink in zip(
        sizes,
        (s.accent, s.figure, s.second) if kind == "spikes" else (s.figure, s.second),
        strict=True,
    ):
        tips = []
        for tip in range(points * 2):
            radius = c.unit * size * (rng.uniform(0.9, 1.3) if tip % 2 else rng.uniform(0.5, 0.62))
            tips.append(polar(x, y, radius, tip / (2 * points)))
        c.polygon(tips, ink)


def orbits(c: Canvas) -> None:
    """Planets on tilted ellipses around a big one."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * rng.uniform(0.42, 0.58), c.unit * rng.uniform(0.15, 0.24)
    tilt, flat = rng.uniform(-35, 35), rng.uniform(0.3, 1.0)
    for _ in range(26):
        c.circle(rng.uniform(0, c.width), rng.uniform(0, c.height), rng.uniform(1.5, 3.6), s.figure)
    count = rng.integer(2, 4)
    with c.turned(tilt, x, y):
        for orbit in range(count):
            rx = r * (1.5 + 0.62 * orbit)
            c.line(oval(x, y, rx, rx * flat), s.figure, c.unit * 0.008)
        c.circle(x, y, r, s.accent)
        if rng.chance(0.6):
            c.path(sector(x, y, r, 0.25, 0.75), s.second)
        for orbit in range(count):
            rx = r * (1.5 + 0.62 * orbit)
            turn = rng.uniform(0, 1)
            px, py = polar(0, 0, 1, turn)
            c.circle(
                x + rx * px,
                y + rx * flat * py,
                r * rng.uniform(0.14, 0.4),
                rng.choice((s.second, s.figure, s.accent)),
            )


def constellation(c: Canvas) -> None:
    """Stars that are joined by lines, and a moon."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.5, c.unit * rng.uniform(0.3, 0.42)
    count = rng.integer(6, 9)
    turns = [(index + rng.uniform(0.1, 0.9)) / count for index in range(count)]
    places = [polar(x, y, r * rng.uniform(0.45, 1.25), turn) for turn in turns]
    edge = c.unit * 0.08
    stars = [
        (min(max(px, edge), c.width - edge), min(max(py, edge), c.height - edge))
        for px, py in places
    ]
    moon = c.unit * rng.uniform(0.13, 0.26)
    mx, my = x + c.unit * rng.uniform(-0.2, 0.2), y + c.unit * rng.uniform(-0.2, 0.2)
    c.circle(mx, my, moon, s.accent)
    if rng.chance(0.5):
        c.circle(mx + moon * 0.45, my - moon * 0.2, moon * 0.85, s.ground)
    order = stars if rng.chance(0.5) else rng.shuffled(stars)
    for a, b in pairwise(order):
        c.segment(a, b, s.figure, c.unit * 0.007)
    for index, (px, py) in enumerate(stars):
        _star(
            c,
            px,
            py,
            c.unit * rng.uniform(0.03, 0.075),
            s.second if index % 3 else s.figure,
            4 if index % 2 else 8,
        )
    for _ in range(40):
        c.circle(rng.uniform(0, c.width), rng.uniform(0, c.height), rng.uniform(1.2, 3), s.figure)


def _star(c: Canvas, x: float, y: float, radius: float, ink: str, points: int) -> None:
    tips = [
        polar(x, y, radius * (0.3 if tip % 2 else 1), (tip - points / 2) / (2 * points))
        for tip in range(2 * points)
    ]
    c.polygon(tips, ink)


def beam(c: Canvas) -> None:
    """A lamp that lights people, or searchlights."""
    if c.rng.chance(0.35):
        _searchlights(c)
        return
    s, rng = c.scheme, c.rng
    lamp = c.width * rng.choice((0.08, 0.5, 0.92)), c.height * 0.04
    x, y = c.focus, c.height * rng.uniform(0.66, 0.76)
    r = c.unit * rng.uniform(0.22, 0.3)
    for spread, ink in ((1.45, s.second), (1.0, s.accent)):
        half = r * 1.35 * spread
        c.polygon([lamp, (x - half, y), (x + half, y)], ink)
        c.ellipse(x, y, half, r * 0.42 * spread, ink)
    c.circle(*lamp, c.unit * 0.07, s.figure)
    for offset in rng.choice(((0.0,), (-0.42, 0.42), (-0.6, 0.0, 0.6))):
        fx, tall, w = x + r * offset, r * rng.uniform(1.1, 1.4), r * 0.26
        neck = y - tall * 0.66
        foot = y + r * 0.1
        cloak = [(fx - w, foot), (fx - w * 0.35, neck), (fx + w * 0.35, neck), (fx + w, foot)]
        c.polygon(cloak, s.figure)
        c.circle(fx, y - tall * 0.76, r * 0.14, s.figure)


def _searchlights(c: Canvas) -> None:
    s, rng = c.scheme, c.rng
    count = rng.integer(2, 4)
    disc_y = c.height * rng.uniform(0.25, 0.4)
    inks = rng.shuffled([s.accent, s.second, s.accent, s.second])
    for lamp in range(count):
        x = c.width * (lamp + rng.uniform(0.25, 0.75)) / count
        aim, spread = c.focus + (c.focus - x) * rng.uniform(0.2, 0.8), c.unit * 0.17
        c.polygon([(x, c.height), (aim - spread, 0), (aim + spread, 0)], inks[lamp])
    r = c.unit * rng.uniform(0.14, 0.22)
    c.circle(c.focus, disc_y, r, s.figure)
    for lamp in range(count * 2):
        c.path(
            sector(c.width * (lamp + 0.5) / (count * 2), c.height, c.unit * 0.1, 0.5, 1.0), s.figure
        )


def compass(c: Canvas) -> None:
    """A compass rose."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.5, c.unit * rng.uniform(0.4, 0.48)
    c.circle(x, y, r * rng.uniform(0.62, 0.8), s.second)
    for ring in (0.5, 0.92)[: rng.integer(1, 2)]:
        c.ring(x, y, r * ring, s.figure, c.unit * 0.008)
    with c.turned(rng.uniform(-30, 30), x, y):
        for size, start in ((0.62, 0.125), (1.0, 0.0)):
            for point in range(4):
                turn = start + point / 4
                tip, waist = polar(x, y, r * size, turn), r * size * 0.2
                for side, ink in ((-1, s.figure), (1, s.accent)):
                    c.polygon([(x, y), polar(x, y, waist, turn + side / 8), tip], ink)
    c.circle(x, y, r * 0.07, s.second)


FAMILIES = (eclipse, horizon, burst, orbits, constellation, beam, compass)
