"""Chooses the place of the title on the poster. The composition gets the rest of the space.

Lengths are page units.
"""

from dataclasses import dataclass

from .design import Design
from .seeded_random import SeededRandom
from .titling import Setting, fit_title
from .typeface import Box, Run, face

WIDTH, HEIGHT = 600, 900
MARGIN = 36
AIR = 28  # between title and composition
NOTE_SIZE = 21.0  # the font size of the small line
NOTE_ROOM = 44.0  # the height that the small line takes
# In characters. Titles of these lengths may run up a side of the poster. A shorter title would
# leave a gap, and a longer one would be too small.
SIDEWAYS_LENGTHS = range(6, 17)

# Compositions without a main figure, so a plate with the title may cover a part of them.
PATTERNS = frozenset(
    ("stripes", "grid", "quavers", "chevrons", "leaves", "crowd", "windows", "woods", "fish")
)


@dataclass(frozen=True)
class Layout:
    """The places of title, small line (note) and composition (stage).

    `kind` says where the title is: above, below, left or right of the composition, or on a plate
    over it. At the left or right the title is `turned`: it reads from bottom to top, so its x runs
    up the poster and its y to the right.
    """

    kind: str
    setting: Setting
    title_at: tuple[float, float]
    note: Run | None
    note_at: tuple[float, float]
    stage: Box
    plate: Box | None = None

    @property
    def turned(self) -> bool:
        return self.kind in ("left", "right")

    @property
    def title_box(self) -> Box:
        """The box around the title's letters, in the poster's coordinates."""
        x, y = self.title_at
        box = Box(x + self.setting.left, y, x + self.setting.right, y + self.setting.height)
        if self.turned:
            return Box(box.top, HEIGHT - box.right, box.bottom, HEIGHT - box.left)
        return box


def choose_layout(design: Design, note: str) -> Layout:
    """Choose a layout for a title whose letters are all in the typeface."""
    rng = design.rng("layout")
    run = face("quiet").set(note, tracking=20) if note else None
    room = NOTE_ROOM if run else 0.0
    if len(design.text) in SIDEWAYS_LENGTHS and rng.chance(0.22):
        return _upright(design, run, room, rng)
    if design.family in PATTERNS and rng.chance(0.6):
        return _plate(design, run, room, rng)
    return _block(design, run, room, rng)


def _block(design: Design, note: Run | None, room: float, rng: SeededRandom) -> Layout:
    measure = WIDTH - 2 * MARGIN
    align = rng.weighted({0.0: 7.0, 0.5: 2.0, 1.0: 1.0})
    setting = fit_title(design.text, measure, HEIGHT * rng.uniform(0.26, 0.4), rng, align)
    stage_height = round(HEIGHT - MARGIN - setting.height - room - AIR)
    note_x = MARGIN + align * (measure - note.width * NOTE_SIZE) if note else 0.0
    if rng.chance(0.36):
        return Layout(
            "above",
            setting,
            (MARGIN, MARGIN + room),
            note,
            (note_x, MARGIN + NOTE_SIZE * 0.7),
            Box(0, HEIGHT - stage_height, WIDTH, HEIGHT),
        )
    return Layout(
        "below",
        setting,
        (MARGIN, HEIGHT - MARGIN - room - setting.height),
        note,
        (note_x, HEIGHT - MARGIN),
        Box(0, 0, WIDTH, stage_height),
    )


def _upright(design: Design, note: Run | None, room: float, rng: SeededRandom) -> Layout:
    """The title is at the left or right side of the poster and reads from bottom to top."""
    setting = fit_title(design.text, HEIGHT - 2 * MARGIN, WIDTH * rng.uniform(0.24, 0.3), rng)
    strip = round(MARGIN + setting.height + room + AIR)
    if rng.chance(0.6):
        return Layout(
            "left",
            setting,
            (MARGIN, MARGIN + room),
            note,
            (MARGIN, MARGIN + NOTE_SIZE * 0.7),
            Box(strip, 0, WIDTH, HEIGHT),
        )
    return Layout(
        "right",
        setting,
        (MARGIN, WIDTH - MARGIN - room - setting.height),
        note,
        (MARGIN, WIDTH - MARGIN),
        Box(0, 0, WIDTH - strip, HEIGHT),
    )


def _plate(design: Design, note: Run | None, room: float, rng: SeededRandom) -> Layout:
    """The composition fills the poster, and the title is on a plate over it."""
    pad, measure = 26.0, WIDTH - 2 * MARGIN
    setting = fit_title(design.text, measure, HEIGHT * rng.uniform(0.24, 0.36), rng)
    high = round(setting.height + room + 2 * pad)
    note_width = note.width * NOTE_SIZE if note else 0.0
    wide = MARGIN + max(setting.right, note_width) + pad
    right = WIDTH if wide > 0.86 * WIDTH else round(wide)
    top = round(rng.choice((0.17, 0.83)) * (HEIGHT - high))
    plate = Box(0, top, right, top + high)
    title_at = (MARGIN, top + pad)
    note_at = (MARGIN, plate.bottom - pad)
    return Layout("plate", setting, title_at, note, note_at, Box(0, 0, WIDTH, HEIGHT), plate)
