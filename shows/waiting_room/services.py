"""What the waiting room does: for people, for staff, and for beat (docs/spec.md §24)."""

from .admission import admit, admit_all
from .join_and_enter import enter, everybody_was_called, join, place_in_line
from .staff_changes import change_sale, schedule_sale, switch_sale

__all__ = [
    "admit",
    "admit_all",
    "change_sale",
    "enter",
    "everybody_was_called",
    "join",
    "place_in_line",
    "schedule_sale",
    "switch_sale",
]
