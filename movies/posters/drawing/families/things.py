"""Umbrellas, glasses, crowns, curtains, columns, cogs."""

from movies.posters.drawing.canvas import Canvas, disc, frame, lens, number, oval, polar, sector


def umbrella(c: Canvas) -> None:
    """An umbrella in slanting rain."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * rng.uniform(0.46, 0.54), c.unit * rng.uniform(0.34, 0.44)
    slant, pitch = rng.uniform(0.2, 0.5) * rng.sign(), c.unit * 0.075
    drops = int((c.width + c.height) / pitch)
    for drop in range(-drops // 3, drops):
        top, length = c.height * rng.uniform(-0.3, 0.8), c.height * rng.uniform(0.1, 0.4)
        px = drop * pitch
        end = (px + (top + length) * -slant, top + length)
        c.segment((px + top * -slant, top), end, s.second, c.unit * 0.009)
    tilt = rng.uniform(-16, 16)
    with c.turned(tilt, x, y):
        c.rect(x - r * 0.03, y, r * 0.06, r * 1.0, s.figure)
        hook = r * 0.14
        start = f"M{number(x)} {number(y + r)}"
        c.line(
            f"{start}a{number(hook)} {number(hook)} 0 0 0 {number(2 * hook)} 0", s.figure, r * 0.06
        )
        c.rect(x - r * 0.03, y - r * 1.12, r * 0.06, r * 0.2, s.figure)
        c.path(sector(x, y, r, 0.5, 1.0), s.accent)
        panels = rng.integer(2, 4)
        with c.clipped(sector(x, y, r, 0.5, 1.0)):
            c.path(oval(x, y, r * 0.42, r), s.figure)
            if panels > 2:
                c.path(oval(x, y, r * 0.14, r), s.accent)
        wide = 2 * r / (panels * 2)
        for scallop in range(panels * 2):
            c.circle(x - r + wide * (scallop + 0.5), y + wide * 0.18, wide * 0.5, s.ground)


def glass(c: Canvas) -> None:
    """A cocktail glass, or a row of them."""
    s, rng = c.scheme, c.rng
    count = rng.choice((1, 1, 2, 3))
    r = c.unit * (0.36 if count == 1 else 0.5 / count)
    y = c.height * 0.5 - r * 0.55
    if count == 1 and rng.chance(0.6):
        c.circle(c.focus + r * 0.5 * rng.sign(), y + r * 0.4, r * 0.9, s.second)
    for index in range(count):
        x = c.focus + (index - (count - 1) / 2) * r * 2.1
        level, ink = rng.uniform(0.15, 0.4), s.accent if index % 2 == 0 else s.second
        c.polygon([(x - r, y), (x + r, y), (x, y + r)], s.figure)
        inner = [
            (x - r * (1 - level) * 0.86, y + r * level),
            (x + r * (1 - level) * 0.86, y + r * level),
        ]
        c.polygon([*inner, (x, y + r * 0.88)], ink)
        c.rect(x - r * 0.04, y + r * 0.95, r * 0.08, r * 0.78, s.figure)
        c.path(sector(x, y + r * 1.82, r * 0.42, 0.5, 1.0), s.figure)
        if rng.chance(0.7):
            end = (x + r * 0.75, y - r * 0.5)
            c.segment((x - r * 0.1, y + r * 0.5), end, s.figure, r * 0.045)
            c.circle(
                x + r * 0.42, y - r * 0.13, r * 0.16, s.second if ink == s.accent else s.accent
            )


def crown(c: Canvas) -> None:
    """A crown, upright or fallen."""
    s, rng = c.scheme, c.rng
    x, y, w = c.focus, c.height * rng.uniform(0.5, 0.58), c.unit * rng.uniform(0.3, 0.4)
    if rng.chance(0.6):
        c.circle(x, y - w * 0.1, w * 1.25, s.second)
    points, tall = rng.choice((3, 5, 5, 7)), w * rng.uniform(0.8, 1.2)
    with c.turned(rng.choice((0.0, 0.0, -14.0, 160.0, 18.0)), x, y):
        edge = [(x - w, y + w * 0.55)]
        for point in range(points):
            share = point / (points - 1)
            px = x - w * 1.12 + 2.24 * w * share
            lift = tall * (1 if point % 2 == 0 else 0.84)
            edge.append((px, y + w * 0.4 - lift))
            if point < points - 1:
                edge.append((px + 1.12 * w / (points - 1), y + w * 0.05))
        c.polygon([*edge, (x + w, y + w * 0.55)], s.accent)
        for point in range(points):
            px = x - w * 1.12 + 2.24 * w * point / (points - 1)
            lift = tall * (1 if point % 2 == 0 else 0.84)
            c.circle(px, y + w * 0.4 - lift, w * 0.1, s.figure)
        c.rect(x - w, y + w * 0.5, 2 * w, w * 0.24, s.figure)
        for gem in range(points):
            px = x - w + 2 * w * (gem + 0.5) / points
            c.circle(px, y + w * 0.62, w * 0.07, s.accent)


def curtain(c: Canvas) -> None:
    """A stage whose curtain opens."""
    s, rng = c.scheme, c.rng
    folds, x = rng.integer(3, 5), c.focus
    opening = c.unit * rng.uniform(0.16, 0.3)
    floor = c.height * 0.84
    c.rect(0, 0, c.width, c.height, s.figure)
    c.circle(x, floor - opening * rng.uniform(0.2, 1.3), opening * 0.72, s.second)
    c.rect(0, floor, c.width, c.height - floor, s.ground)
    for side in (-1, 1):
        outer = c.width if side > 0 else 0.0
        span = abs(outer - x) / folds
        for fold in range(folds):
            edge = outer - side * span * fold
            reach = span * (1.0 if fold < folds - 1 else 0.0)
            hem = edge - side * (reach + (opening * -0.2 if fold == folds - 1 else 0))
            top = edge - side * (span if fold < folds - 1 else span - opening * 0.15)
            ink = s.accent if fold % 2 else s.ground
            c.polygon([(edge, -1), (top, -1), (hem, floor), (edge, floor)], ink)
    wide = c.width / (folds * 2)
    for swag in range(folds * 2):
        c.circle(wide * (swag + 0.5), 0, wide * 0.52, s.accent if swag % 2 else s.second)
    c.sky = s.ground
    c.floor = s.ground


def columns(c: Canvas) -> None:
    """Columns or arches, with something between them."""
    s, rng = c.scheme, c.rng
    count, top = rng.integer(3, 6), c.height * rng.uniform(0.24, 0.34)
    pitch = c.width / count
    wide = pitch * rng.uniform(0.42, 0.6)
    r = c.unit * rng.uniform(0.2, 0.3)
    c.circle(c.focus + c.unit * rng.uniform(-0.2, 0.2), c.height * 0.45, r, s.accent)
    arcade = rng.chance(0.5)
    if arcade:
        ends = [frame(0, top - pitch * 0.5, c.width, c.height - top + pitch * 0.5)]
        for arch in range(count):
            ax, half = pitch * (arch + 0.5), (pitch - wide * 0.5) / 2
            ends.append(_arch(ax, top + half, half, c.height))
        c.parts.append(f'<path fill="{s.figure}" fill-rule="evenodd" d="{"".join(ends)}"/>')
        return
    c.rect(0, top - pitch * 0.3, c.width, pitch * 0.3, s.figure)
    if rng.chance(0.6):
        c.polygon(
            [(0, top - pitch * 0.36), (c.width, top - pitch * 0.36), (c.width / 2, 0)], s.second
        )
    broken = rng.integer(-2, count - 1)
    for column in range(count):
        x = pitch * (column + 0.5)
        start = top if column != broken else top + c.height * 0.35
        c.rect(x - wide / 2, start, wide, c.height - start, s.figure)
        for flute in range(3):
            c.rect(x - wide * (0.3 - 0.27 * flute), start + 6, wide * 0.06, c.height, s.ground)
        if column != broken:
            c.rect(x - wide * 0.64, top, wide * 1.28, wide * 0.22, s.figure)


def _arch(x: float, spring: float, half: float, foot: float) -> str:
    r = number(half)
    return (
        f"M{number(x - half)} {number(foot)}V{number(spring)}"
        f"a{r} {r} 0 0 1 {number(2 * half)} 0V{number(foot)}z"
    )


def cogs(c: Canvas) -> None:
    """Cogwheels that touch each other."""
    s, rng = c.scheme, c.rng
    r = c.unit * rng.uniform(0.24, 0.32)
    turn = rng.uniform(0.55, 0.95)
    first = (c.focus - c.unit * 0.12 * rng.sign(), c.height * rng.uniform(0.48, 0.6))
    second = polar(*first, r * 1.98, turn)
    third = polar(*first, r * 1.62, turn + rng.uniform(0.3, 0.5))
    for (x, y), size, ink, hub in (
        (first, r, s.figure, s.accent),
        (second, r * 0.8, s.accent, s.figure),
        (third, r * 0.45, s.second, s.ground),
    ):
        teeth = max(7, int(size / c.unit * 48))
        ring = []
        for tooth in range(teeth):
            for share, reach in ((0.0, 1.0), (0.12, 1.16), (0.38, 1.16), (0.5, 1.0)):
                ring.append(polar(x, y, size * reach, (tooth + share) / teeth))
        c.polygon(ring, ink)
        c.circle(x, y, size * 0.55, s.ground)
        c.circle(x, y, size * 0.3, hub)


def spectacles(c: Canvas) -> None:
    """Spectacles, with a moustache or a bow tie."""
    s, rng = c.scheme, c.rng
    x, y, r = c.focus, c.height * 0.4, c.unit * rng.uniform(0.17, 0.22)
    lenses = rng.choice(((s.accent, s.second), (s.second, s.second), (s.accent, s.accent)))
    for side, tint in zip((-1, 1), lenses, strict=True):
        c.circle(x + side * r * 1.12, y, r, s.figure)
        c.circle(x + side * r * 1.12, y, r * 0.78, tint)
        c.path(sector(x + side * r * 1.12, y, r * 0.78, 0.5, 1.0), s.ground)
        px = x + side * r * 1.12 + r * rng.uniform(-0.3, 0.3)
        c.circle(px, y + r * 0.1, r * 0.24, s.figure)
        c.rect(x + side * r * 2.05 - (r if side < 0 else 0), y - r * 0.16, r, r * 0.2, s.figure)
    c.rect(x - r * 0.2, y - r * 0.14, r * 0.4, r * 0.2, s.figure)
    low = y + r * rng.uniform(1.75, 2.1)
    below = rng.choice(("moustache", "bow", "grin"))
    if below == "moustache":
        for side in (-1, 1):
            tip = (x + side * r * 1.75, low + r * rng.uniform(-0.5, 0.3))
            c.path(lens((x - side * r * 0.06, low), tip, r * 0.34, r * 0.34), s.accent)
    elif below == "bow":
        for side in (-1, 1):
            wing = [(x, low + r * 0.4), (x + side * r * 1.2, low - r * 0.2)]
            c.polygon([*wing, (x + side * r * 1.2, low + r)], s.accent)
        c.circle(x, low + r * 0.4, r * 0.26, s.second)
    else:
        c.path(sector(x, low - r * 0.35, r * 1.1, 0, 0.5), s.accent)
        c.rect(x - r * 0.75, low - r * 0.36, r * 1.5, r * 0.26, s.palette.paper)


def balloon(c: Canvas) -> None:
    """Balloons with strings, or flying away."""
    s, rng = c.scheme, c.rng
    count = rng.choice((1, 3, 5))
    base = (c.focus + c.unit * rng.uniform(-0.1, 0.1), c.height * 1.02)
    inks = rng.shuffled([s.accent, s.second, s.figure])
    for index in range(count):
        r = c.unit * (0.33 if count == 1 else rng.uniform(0.13, 0.2))
        share = (index + 0.5) / count - 0.5
        x = c.focus + c.unit * 0.85 * share
        y = c.height * (0.4 if count == 1 else rng.uniform(0.22, 0.55))
        c.segment((x, y + r), base, s.figure, c.unit * 0.006)
        c.ellipse(x, y, r * 0.86, r, inks[index % 3])
        c.polygon(
            [(x - r * 0.1, y + r * 1.1), (x, y + r * 0.96), (x + r * 0.1, y + r * 1.1)],
            inks[index % 3],
        )
        if count == 1:
            with c.clipped(oval(x, y, r * 0.86, r)):
                for gore, ink in ((0.56, inks[1]), (0.24, inks[0])):
                    c.path(oval(x, y, r * gore, r), ink)
            c.rect(x - r * 0.16, y + r * 1.3, r * 0.32, r * 0.26, inks[2])
        else:
            c.path(disc(x - r * 0.3, y - r * 0.4, r * 0.13), s.ground)


FAMILIES = (umbrella, glass, crown, curtain, columns, cogs, spectacles, balloon)
