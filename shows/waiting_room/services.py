"""What the waiting room does: for people, for staff, and for beat (docs/spec.md §24)."""

from .admission import admit, admit_all
from .places import enter, join, place_in_line
from .sales import change_sale, schedule_sale, switch_sale
from .state import SharedState, shared_state

__all__ = [
    "SharedState",
    "admit",
    "admit_all",
    "change_sale",
    "enter",
    "join",
    "place_in_line",
    "schedule_sale",
    "shared_state",
    "switch_sale",
]
