"""The composition families. Each fills a canvas, and draws each film differently."""

from collections.abc import Callable

from movies.posters.drawing.canvas import Canvas

from . import bodies, creatures, cuts, grounds, heavens, mazes, patterns, places, things

Family = Callable[[Canvas], None]

FAMILIES: dict[str, Family] = {
    family.__name__: family
    for module in (heavens, places, grounds, patterns, mazes, bodies, creatures, things, cuts)
    for family in module.FAMILIES
}
