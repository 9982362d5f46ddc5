"""A canvas for flat shapes, and functions that return a shape as SVG path data.

Coordinates are page units. The origin is top left, y points down.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import cos, pi, sin

from .inks import Scheme
from .seeded_random import SeededRandom

Point = tuple[float, float]


def number(value: float) -> str:
    """A coordinate as text, rounded to a tenth of a unit and as short as possible."""
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def polar(x: float, y: float, radius: float, turn: float) -> Point:
    """The point on a circle at an angle in turns (0 is right, 0.25 is down)."""
    return x + radius * cos(turn * 2 * pi), y + radius * sin(turn * 2 * pi)


def polygon(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "z"


def disc(x: float, y: float, radius: float) -> str:
    return oval(x, y, radius, radius)


def sector(x: float, y: float, radius: float, start: float, end: float) -> str:
    """A slice of a disc between two angles in turns, clockwise."""
    (x1, y1), (x2, y2) = polar(x, y, radius, start), polar(x, y, radius, end)
    r, far = number(radius), int((end - start) % 1 > 0.5)
    rim = f"A{r} {r} 0 {far} 1 {number(x2)} {number(y2)}z"
    return f"M{number(x)} {number(y)}L{number(x1)} {number(y1)}{rim}"


def oval(x: float, y: float, rx: float, ry: float) -> str:
    a, b, d = number(rx), number(ry), number(2 * rx)
    return f"M{number(x - rx)} {number(y)}a{a} {b} 0 1 1 {d} 0a{a} {b} 0 1 1-{d} 0z"


def frame(x: float, y: float, width: float, height: float) -> str:
    return f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z"


def lens(left: Point, right: Point, bulge_above: float, bulge_below: float) -> str:
    """An almond shape between two points. The bulges are the heights of its two arcs."""
    (x1, y1), (x2, y2) = left, right
    mx, my = (x1 + x2) / 2, (y1 + y2) / 2
    length = max(1e-6, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)
    nx, ny = (y2 - y1) / length, -(x2 - x1) / length
    ax, ay = mx + nx * 2 * bulge_above, my + ny * 2 * bulge_above
    bx, by = mx - nx * 2 * bulge_below, my - ny * 2 * bulge_below
    return (
        f"M{number(x1)} {number(y1)}Q{number(ax)} {number(ay)} {number(x2)} {number(y2)}"
        f"Q{number(bx)} {number(by)} {number(x1)} {number(y1)}z"
    )


def smooth(points: list[Point]) -> str:
    """A polygon with rounded corners: a closed curve through the midpoints of its sides."""

    def middle(a: Point, b: Point) -> Point:
        return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2

    start = middle(points[-1], points[0])
    path = f"M{number(start[0])} {number(start[1])}"
    for index, corner in enumerate(points):
        end = middle(corner, points[(index + 1) % len(points)])
        path += f"Q{number(corner[0])} {number(corner[1])} {number(end[0])} {number(end[1])}"
    return path + "z"


class Canvas:
    """Collects the shapes of one composition.

    ``sky`` and ``floor`` are the colours of the composition's top and bottom edges. The title's
    area next to an edge has the same colour, so that no seam is visible. A composition sets
    ``runs_off`` if an edge cuts its figure: the title's area should then have another colour.
    ``initial`` is a letter of the title, for compositions that draw one.
    """

    def __init__(
        self,
        width: float,
        height: float,
        scheme: Scheme,
        rng: SeededRandom,
        initial: str,
        *,
        is_backdrop: bool = False,
    ) -> None:
        self.width = width
        self.height = height
        self.scheme = scheme
        self.rng = rng
        self.initial = initial
        self.is_backdrop = is_backdrop
        self.sky = scheme.ground
        self.floor = scheme.ground
        self.runs_off = False
        self.parts: list[str] = []
        self._clips = 0

    @property
    def unit(self) -> float:
        """The length of the shorter side."""
        return min(self.width, self.height)

    @property
    def focus(self) -> float:
        """The x of the main figure. Further right in a backdrop, which has text on the left."""
        return self.width * (0.68 if self.is_backdrop else 0.5)

    def path(self, d: str, fill: str) -> None:
        self.parts.append(f'<path fill="{fill}" d="{d}"/>')

    def rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        self.path(frame(x, y, width, height), fill)

    def circle(self, x: float, y: float, radius: float, fill: str) -> None:
        self.parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(max(0, radius))}" '
            f'fill="{fill}"/>'
        )

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, fill: str, degrees: float = 0
    ) -> None:
        turned = (
            f' transform="rotate({number(degrees)} {number(x)} {number(y)})"' if degrees else ""
        )
        self.parts.append(
            f'<ellipse cx="{number(x)}" cy="{number(y)}" rx="{number(rx)}" ry="{number(ry)}" '
            f'fill="{fill}"{turned}/>'
        )

    def ring(self, x: float, y: float, radius: float, stroke: str, weight: float) -> None:
        self.parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(max(0, radius))}" fill="none" '
            f'stroke="{stroke}" stroke-width="{number(weight)}"/>'
        )

    def polygon(self, points: Iterable[Point], fill: str) -> None:
        self.path(polygon(points), fill)

    def line(self, d: str, stroke: str, weight: float, cap: str = "butt") -> None:
        """Draw a path as a line, not as a filled area."""
        ends = f' stroke-linecap="{cap}" stroke-linejoin="{cap}"' if cap == "round" else ""
        self.parts.append(
            f'<path fill="none" stroke="{stroke}" stroke-width="{number(weight)}"{ends} d="{d}"/>'
        )

    def segment(
        self, start: Point, end: Point, stroke: str, weight: float, cap: str = "butt"
    ) -> None:
        self.line(
            f"M{number(start[0])} {number(start[1])}L{number(end[0])} {number(end[1])}",
            stroke,
            weight,
            cap,
        )

    @contextmanager
    def clipped(self, d: str) -> Iterator[None]:
        """Clip the shapes that are drawn in the ``with`` block to the outline ``d``."""
        self._clips += 1
        name = f"c{self._clips}"
        self.parts.append(
            f'<clipPath id="{name}"><path d="{d}"/></clipPath><g clip-path="url(#{name})">'
        )
        yield
        self.parts.append("</g>")

    @contextmanager
    def turned(self, degrees: float, x: float, y: float) -> Iterator[None]:
        """Rotate the shapes that are drawn in the ``with`` block around the point (x, y)."""
        self.parts.append(f'<g transform="rotate({number(degrees)} {number(x)} {number(y)})">')
        yield
        self.parts.append("</g>")
