"""Palettes of four printing inks, and the role of each ink on a poster."""

from collections.abc import Iterable
from dataclasses import dataclass

from .seeded_random import SeededRandom

LEGIBLE = 4.5  # the minimum contrast of text (WCAG 2, level AA)


@dataclass(frozen=True)
class Palette:
    """Four inks: paper is pale, black is nearly black, hero and second are in between.

    `moods` are the moods that they suit.
    """

    name: str
    paper: str
    black: str
    hero: str
    second: str
    moods: frozenset[str]

    @property
    def inks(self) -> tuple[str, str, str, str]:
        return self.paper, self.black, self.hero, self.second


def _palette(name: str, inks: str, moods: str) -> Palette:
    paper, black, hero, second = (f"#{ink}" for ink in inks.split())
    return Palette(name, paper, black, hero, second, frozenset(moods.split()))


PALETTES = (
    _palette("lobby", "f3e9d2 1f1a20 c0321c e9b44c", "warm bright bold"),
    _palette("baltic", "f1ebdd 14213d ae4227 8fb8c9", "cold bold"),
    _palette("tobacco", "efe3cb 2a1a14 a04620 dca445", "warm dust"),
    _palette("moss", "f0ead6 17261d 446f42 e3a535", "green dust"),
    _palette("plum", "f6e8df 2b1431 a32e68 f2a68d", "tender night"),
    _palette("lagoon", "f2ebdc 0d2a31 1c7377 ec7f52", "cold bright"),
    _palette("ultramarine", "f4ede0 141938 2c49ad f2a541", "cold bold bright"),
    _palette("rosewater", "f8e9e3 33192c bd3659 e8b7a0", "tender"),
    _palette("chalk", "f4efe6 191919 c5380f a9b4ab", "grave bold"),
    _palette("mustard", "f4e7c2 21201b e2a50f 33678a", "bright dust"),
    _palette("brickwork", "f0e7da 27170f b0382a 86b5c3", "warm bold"),
    _palette("fjord", "edebe2 0f2937 296a8b d9bd5a", "cold grave"),
    _palette("mint", "eff0e0 112f2a 2a7760 f18a66", "green bright"),
    _palette("violet", "f2eaf0 1d1532 6747a0 f2b65c", "night bright"),
    _palette("bone", "efe6da 160f12 ad1d2d 8d867f", "grave"),
    _palette("olive", "f1ead1 23231a 66651f e47845", "dust green"),
    _palette("apricot", "fbeadd 1e2943 ee7459 f3c06d", "warm bright tender"),
    _palette("slate", "ece7df 1a222e 4d6880 dc9f45", "grave cold"),
    _palette("bottle", "f3ecd8 0d291f 14704f eeb43a", "green bold"),
    _palette("aubergine", "f2eedc 2a1533 7c2c5c c3bf55", "night grave"),
    _palette("petrol", "f0ece0 10222b bb3535 5f9ea0", "grave cold night"),
    _palette("marigold", "fbf0d8 3a1420 c2304a f4b233", "warm bright tender"),
)

# The weights of each ink as the ground, by mood. Other moods use ANY_MOOD.
MOODS = {
    "grave": {"paper": 3.0, "black": 5.0, "hero": 2.5, "second": 1.0},
    "night": {"paper": 1.5, "black": 6.0, "hero": 3.0, "second": 1.0},
    "bright": {"paper": 3.5, "black": 0.7, "hero": 3.0, "second": 3.5},
}
ANY_MOOD = {"paper": 4.0, "black": 2.5, "hero": 3.0, "second": 2.5}


@dataclass(frozen=True)
class Scheme:
    """A palette with the role of each ink.

    The ground is the background. The figure is the paper or the black, whichever contrasts more
    with the ground (but see `dark_scheme`). Accent and second are the other two.
    """

    palette: Palette
    ground: str
    figure: str
    accent: str
    second: str

    def text_on(self, field: str) -> str:
        """The ink with the highest contrast to `field`, the colour behind the text."""
        return max(self.palette.inks, key=lambda ink: contrast(ink, field))

    def texts_on(self, field: str) -> list[str]:
        """All inks that are legible on the colour `field`, highest contrast first."""
        ranked = sorted(self.palette.inks, key=lambda ink: -contrast(ink, field))
        return [ink for ink in ranked if contrast(ink, field) >= LEGIBLE]

    def others(self, *taken: str) -> list[str]:
        return [
            ink for ink in (self.figure, self.accent, self.second, self.ground) if ink not in taken
        ]


def choose_scheme(rng: SeededRandom, moods: Iterable[str]) -> Scheme:
    wanted = list(moods)
    weights = {
        palette: 1.0 + 4.0 * sum(mood in palette.moods for mood in wanted) for palette in PALETTES
    }
    palette = rng.weighted(weights)
    grounds = next((MOODS[mood] for mood in wanted if mood in MOODS), ANY_MOOD)
    return scheme_on(palette, rng.weighted(grounds))


def scheme_on(palette: Palette, ground_name: str) -> Scheme:
    ground: str = getattr(palette, ground_name)
    rest = [
        ink for ink in (palette.hero, palette.second, palette.black, palette.paper) if ink != ground
    ]
    figure = max((palette.paper, palette.black), key=lambda ink: contrast(ink, ground))
    rest.remove(figure)
    return Scheme(palette, ground, figure, rest[0], rest[1])


def dark_scheme(palette: Palette) -> Scheme:
    """A scheme for backdrops: dark inks for large areas, the pale paper for the smallest."""
    darker, lighter = sorted((palette.hero, palette.second), key=_luminance)
    return Scheme(palette, palette.black, darker, lighter, palette.paper)


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two #rrggbb colours."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(ink: str) -> float:
    channels = (int(ink[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
