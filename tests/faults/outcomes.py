"""Helpers for fault tests. They read and change bookings directly in the database."""

import time

from tests.faults.load import LONGEST_WAIT
from tests.faults.site import Stack


def assert_kept(world: Stack, references: list[str]) -> None:
    """Assert that each booking that a client saw as confirmed is confirmed in the database, and
    that its ticket is to be mailed, or was mailed, exactly once."""
    assert references, "nobody confirmed anything, so nothing was tested"
    rows = world.query(
        "SELECT reference, count(mail.id) FROM bookings_booking booking"
        " LEFT JOIN outbox_message mail"
        " ON mail.booking = booking.id AND mail.kind = 'booking-confirmed'"
        " WHERE booking.status = 'CONFIRMED' AND reference = ANY(%s) GROUP BY reference",
        references,
    )
    assert dict(rows) == dict.fromkeys(references, 1)


def lapse(world: Stack, reference: str) -> None:
    assert reference, "the hold was refused"
    world.query(
        "UPDATE bookings_booking SET created_at = created_at - interval '1 hour',"
        " expires_at = clock_timestamp() - interval '1 ms' WHERE reference = %s",
        reference,
    )


def wait_for_status(world: Stack, reference: str, status: str) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    query = "SELECT status FROM bookings_booking WHERE reference = %s"
    while world.query(query, reference) != [(status,)]:
        assert time.monotonic() < deadline, (world.folder / "celery.log").read_text()[-3000:]
        time.sleep(0.1)


def wait_until_someone_waits_for_a_lock(world: Stack) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not world.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
        assert time.monotonic() < deadline, (world.folder / "celery.log").read_text()[-3000:]
        time.sleep(0.02)
