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
from bookmyshow.core.time import database_now
from shows.models import Show
from shows.seatmap import current as seatmap

from . import on_citus
from .errors import ShowBusy
from .locks import lock_show, lock_show_if_free
from .models import Booking
from .on_citus import fitting
from .waiting_list.offers import serve_line

log = logging.getLogger(__name__)

# One statement, because buyers of the show wait while it runs. The commit does not wait for the
# disk: if a crash of the database undoes a sweep, the next sweep repeats it. Changes that depend on
# the sweep come later in the WAL, so they can't be on disk without it. If people wait, it ends
# nothing: `serve_line` does.
SWEEP_SHOW = """
    WITH clock AS MATERIALIZED (
        SELECT clock_timestamp() AS now, set_config('synchronous_commit', 'off', true)
    ), lapsed AS (
        SELECT b.id, clock.now FROM bookings_booking b CROSS JOIN clock
        WHERE b.show_id = %(show)s::bigint AND b.status = 'PENDING' AND b.expires_at <= clock.now
          AND NOT EXISTS (SELECT FROM waiting_entry
                          WHERE show_id = %(show)s::bigint AND state IN ('WAITING', 'OFFERED'))
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
    SELECT reference, seats FROM ended
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

    If people wait for seats, in several transactions: buyers get the show's lock in between. If the
    show's rows break a constraint (somebody changed them by hand), the error is logged and the
    rest of the show stays unchanged. Raises ShowBusy if the wait for a lock timed out, and
    ShowNotFound.
    """
    swept = 0
    while True:
        try:
            with lock_timeout_raises(ShowBusy), transaction.atomic():
                show = lock_show_if_free(show_id) if skip_locked else lock_show(show_id)
                if show is None:
                    return swept or None
                ended, has_more = _end_lapsed(show)
        except IntegrityError:
            log.exception("show %s can't be swept; see `manage.py check_integrity`", show_id)
            return swept
        for reference, seats in ended:
            log.info("hold %s lapsed; seats %s are free", reference, " ".join(seats))
        swept += len(ended)
        if not has_more:
            return swept


def _end_lapsed(show: Show) -> tuple[list[tuple[str, list[str]]], bool]:
    """End lapsed holds of a locked show: all, or a portion if people wait.

    Returns reference and seats of each, and whether there are more.
    """
    with prepared_cursor() as cursor:
        cursor.execute(fitting(SWEEP_SHOW, on_citus.SWEEP_SHOW), {"show": show.pk})
        ended = cursor.fetchall()
    if ended:
        transaction.on_commit(partial(seatmap.forget, show.pk))
        return ended, False
    served = serve_line(show, database_now())
    return [(hold.reference, hold.seats) for hold in served.ended], served.has_more
