"""The decisions about a film's poster that are made before anything is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from .canvas import Canvas
from .families import FAMILIES
from .genres import composition_weights, moods_of, normalise
from .inks import Scheme, choose_scheme
from .seeded_random import SeededRandom
from .typeface import printable, settable

# Part of the seed that chooses the composition. It is the best of ten thousand that were tried:
# with it, the fewest films of the demo data have the same composition.
FAMILY_SEED = "family 9367"


@dataclass(frozen=True)
class Design:
    """The title, palette and composition of a film's poster and of its backdrop.

    `text` is the title as the typeface can show it, or "" if it can't. `family` is the name of the
    composition.
    """

    title: str
    text: str
    year: int | None
    scheme: Scheme
    family: str

    def rng(self, aspect: str) -> SeededRandom:
        """Random numbers for one aspect, so that a change in one aspect does not change others."""
        return SeededRandom(self.title, self.year, aspect)

    @property
    def initial(self) -> str:
        """The first letter or digit of the title after its article. "&" if there is none."""
        words = self.text.upper().split()
        if len(words) > 1 and words[0] in ("THE", "A", "AN"):
            words = words[1:]
        return next((letter for letter in "".join(words) if letter.isalnum()), "&")

    def compose(self, width: float, height: float, *, is_backdrop: bool = False) -> Canvas:
        rng = self.rng("composition")
        canvas = Canvas(width, height, self.scheme, rng, self.initial, is_backdrop=is_backdrop)
        FAMILIES[self.family](canvas)
        return canvas


def design(title: str, genres: Sequence[str], year: int | None) -> Design:
    title = printable(title)
    names = normalise(genres)
    scheme = choose_scheme(SeededRandom(title, year, "inks"), moods_of(names))
    family = SeededRandom(title, year, FAMILY_SEED).weighted(composition_weights(names))
    return Design(title, settable(title), year, scheme, family)
