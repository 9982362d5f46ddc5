"""Holds, confirmations, releases, cancellations by the customer, and the sweep.

Pages, API, commands and tasks import these functions from here. Cancelling or moving a whole show
is in show_changes/services.py.

The rules are in docs/spec.md §4. The locking rules are the same in every function:

1. One `transaction.atomic()` block holds the whole decision. The first row that it locks is the
   show's, alone (`select_for_update`). Later statements read the data of the decision, under that
   lock, and name that show. What needs all shows is read before it, under the person's lock.
   A confirmation does not lock the show: it locks only its booking, and the person if a limit
   applies.
2. One order everywhere: person, show, bookings, seats (locks.py).
3. The clock is the database's, read by a statement after the locks.
4. Nothing slow happens under a lock. Work that follows from a change uses `on_commit`.
5. Waits for locks are bounded (`lock_timeout_raises`). A wait that is too long raises ShowBusy, and
   nothing was changed.
"""

from .confirmation import confirm_booking
from .holds import hold_from_form, hold_seats
from .release_and_cancel import cancel_booking, give_back_booking, release_hold
from .sweep import sweep_lapsed_holds

__all__ = (
    "cancel_booking",
    "confirm_booking",
    "give_back_booking",
    "hold_from_form",
    "hold_seats",
    "release_hold",
    "sweep_lapsed_holds",
)
