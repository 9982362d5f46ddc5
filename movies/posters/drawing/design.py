"""What is decided about a film's poster before anything is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from .canvas import Canvas
from .dice import Dice
from .families import FAMILIES
from .genres import composition_weights, moods_of, normalise
from .inks import Scheme, choose_scheme
from .typeface import printable, settable

# The seed of the dice that choose each film's composition. Of ten thousand seeds this is the one
# with which the fewest films of the demonstration share a composition.
MOTIFS = "family 9367"


@dataclass(frozen=True)
class Design:
    """A poster and its backdrop share it.

    Each aspect has dice of its own, so that changing how one is chosen leaves the others alone.
    """

    title: str
    text: str
    year: int | None
    scheme: Scheme
    family: str

    def dice(self, aspect: str) -> Dice:
        return Dice(self.title, self.year, aspect)

    @property
    def initial(self) -> str:
        """The letter the title is known by: an article doesn't count."""
        words = self.text.upper().split()
        if len(words) > 1 and words[0] in ("THE", "A", "AN"):
            words = words[1:]
        return next((letter for letter in "".join(words) if letter.isalnum()), "&")

    def compose(self, width: float, height: float, *, is_backdrop: bool = False) -> Canvas:
        dice = self.dice("composition")
        canvas = Canvas(width, height, self.scheme, dice, self.initial, is_backdrop=is_backdrop)
        FAMILIES[self.family](canvas)
        return canvas


def design(title: str, genres: Sequence[str], year: int | None) -> Design:
    title = printable(title)
    names = normalise(genres)
    scheme = choose_scheme(Dice(title, year, "inks"), moods_of(names))
    family = Dice(title, year, MOTIFS).weighted(composition_weights(names))
    return Design(title, settable(title), year, scheme, family)
