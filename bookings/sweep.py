"""The sweep: writes FAILED for lapsed holds and frees their seats (docs/spec.md §4.5).

Selling does not depend on it: the next buyer can take the seats of a lapsed hold without a sweep.
"""

import logging
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from bookmyshow.core.db.prepared import prepared_cursor
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.observability import metrics
from shows.seatmap import current as seatmap

from . import on_citus
from .errors import ShowBusy
from .locks import lock_show, lock_show_if_free
from .models import Booking
from .on_citus import fitting
from .waiting_list.offers import offer_free_seats

log = logging.getLogger(__name__)

# One statement, because buyers of the show wait while it runs. The commit does not wait for the
# disk: if a crash of the database undoes a sweep, the next sweep repeats it. Changes that depend on
# the sweep come later in the WAL, so they can't be on disk without it.
SWEEP_SHOW = """
    WITH clock AS MATERIALIZED (
        SELECT clock_timestamp() AS now, set_config('synchronous_commit', 'off', true)
    ), lapsed AS (
        SELECT b.id, clock.now FROM bookings_booking b CROSS JOIN clock
        WHERE b.show_id = %(show)s::bigint AND b.status = 'PENDING' AND b.expires_at <= clock.now
        ORDER BY b.id FOR NO KEY UPDATE OF b
    ), ended AS (
        UPDATE bookings_booking b
        SET status = 'FAILED', ended_reason = 'lapsed', updated_at = lapsed.now, held_from = ''
        FROM lapsed WHERE b.show_id = %(show)s::bigint AND b.id = lapsed.id
        RETURNING b.reference, b.seats
    ), freed AS (
        UPDATE shows_seat s SET booking_id = NULL FROM lapsed
        WHERE s.show_id = %(show)s::bigint AND s.booking_id = lapsed.id
        RETURNING s.id
    ), counted AS (
        UPDATE shows_show SET available_seats = available_seats + (SELECT count(*) FROM freed)
        WHERE id = %(show)s::bigint AND EXISTS (SELECT FROM freed)
    )
    SELECT reference, seats,
           (SELECT now FROM clock),
           EXISTS (SELECT FROM waiting_entry
                   WHERE show_id = %(show)s::bigint AND state IN ('WAITING', 'OFFERED'))
    FROM ended
"""


@metrics.timed_sweep
def sweep_lapsed_holds() -> int:
    """Write every lapsed hold as FAILED and free its seats; returns the number of holds.

    One transaction for each show. A locked show is skipped and tried again after the others; then
    the sweep waits for its lock, at most `lock_timeout`. Several sweeps may run at the same time.
    """
    # Now() is the time when the statement starts. PostgreSQL can search an index with it, but not
    # with clock_timestamp(), which changes while the statement runs.
    lapsed = Booking.objects.lapsed(at=Now()).order_by("show")
    shows = list(lapsed.values_list("show", flat=True).distinct())
    swept, skipped = 0, []
    for show_id in shows:
        try:
            count = sweep_show(show_id, skip_locked=True)
        except ShowBusy:
            # The show was free, but one of its bookings is locked (a slow confirmation).
            count = None
        if count is None:
            skipped.append(show_id)
        swept += count or 0
    for show_id in skipped:
        try:
            swept += sweep_show(show_id, skip_locked=False) or 0
        except ShowBusy:
            log.warning("show %s stayed locked; its lapsed holds wait for the next sweep", show_id)
    return swept


def sweep_show(show_id: int, *, skip_locked: bool) -> int | None:
    """Sweep one show; returns the number of holds, None if the show is locked and was skipped.

    If the show's rows break a constraint (somebody changed them by hand), the error is logged and
    the show stays unchanged. Raises ShowBusy if the wait for a lock timed out, and ShowNotFound.
    """
    try:
        with lock_timeout_raises(ShowBusy), transaction.atomic():
            show = lock_show_if_free(show_id) if skip_locked else lock_show(show_id)
            if show is None:
                return None
            with prepared_cursor() as cursor:
                cursor.execute(fitting(SWEEP_SHOW, on_citus.SWEEP_SHOW), {"show": show_id})
                ended = cursor.fetchall()
            if ended:
                transaction.on_commit(partial(seatmap.forget, show_id))
                *_, now, is_waited_for = ended[0]
                if is_waited_for:
                    offer_free_seats(show, now)
    except IntegrityError:
        log.exception("show %s can't be swept; see `manage.py check_integrity`", show_id)
        return 0
    for reference, seats, *_ in ended:
        log.info("hold %s lapsed; seats %s are free", reference, " ".join(seats))
    return len(ended)
