"""When beat starts which task, and which queue it waits in: the settings CELERY_BEAT_SCHEDULE and
CELERY_TASK_ROUTES. Times of day are in UTC.
"""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

SWEEP_SECONDS = 30
MAIL_SECONDS = 15
PUSH_SECONDS = 5
ADMIT_SECONDS = 1
WAITING_SECONDS = 30
RECONCILE_SECONDS = 10
DOCUMENT_SECONDS = 30
REFUND_SECONDS = 10
TELL_SECONDS = 60
SHOW_PUSH_SECONDS = 60
REMINDER_SECONDS = 300
# Seconds. On an opening night the providers' events wait in the same queue. If these tasks expired
# as soon as the next one is due, none of them would ever run.
MONEY_TASK_EXPIRES = 120
#: Celery's lines about their runs are not logged.
QUIET_TASKS = ("shows.waiting_room.tasks.admit",)


def every(seconds: int, task: str, *, expires: int = 0) -> dict[str, Any]:
    """An entry that starts a task at this interval.

    A start that waited in the queue for longer than `expires` is dropped; by default for longer
    than the interval, because the next start is due.
    """
    return {
        "task": task,
        "schedule": timedelta(seconds=seconds),
        "options": {"expires": expires or seconds},
    }


def daily(hour: int, minute: int, task: str, **kwargs: Any) -> dict[str, Any]:
    """An entry that starts a task once a day. A restart of beat does not delay it."""
    return {"task": task, "schedule": crontab(hour=hour, minute=minute), "kwargs": kwargs}


SCHEDULE: dict[str, dict[str, Any]] = {
    "release-expired-holds": every(SWEEP_SECONDS, "bookings.tasks.release_expired_holds"),
    # Clocks of two hosts may differ by some seconds: a start must not be dropped for that.
    "admit-from-waiting-rooms": every(ADMIT_SECONDS, "shows.waiting_room.tasks.admit", expires=10),
    "tend-waiting-lists": every(WAITING_SECONDS, "bookings.tasks.tend_waiting_lists"),
    # Push messages have their own runs, so that a slow mail server does not delay them.
    "send-mail": every(MAIL_SECONDS, "accounts.tasks.send_mail"),
    "send-push": every(PUSH_SECONDS, "accounts.tasks.send_push"),
    "write-hold-pushes": every(PUSH_SECONDS, "bookings.tasks.write_hold_pushes"),
    "write-show-pushes": every(SHOW_PUSH_SECONDS, "bookings.tasks.write_show_pushes"),
    "write-reminders": every(REMINDER_SECONDS, "bookings.tasks.write_reminders"),
    "tell-bookable": every(TELL_SECONDS, "shows.tell_me.tasks.tell_bookable"),
    "number-documents": every(DOCUMENT_SECONDS, "bookings.tasks.number_documents"),
    "send-refunds": every(
        REFUND_SECONDS, "bookings.tasks.send_refunds", expires=MONEY_TASK_EXPIRES
    ),
    "reconcile-payments": every(
        RECONCILE_SECONDS,
        "bookings.payments.tasks.reconcile_payments",
        expires=MONEY_TASK_EXPIRES,
    ),
    # The provider's list of the day before (UTC) is complete by then.
    "compare-payments": daily(6, 10, "bookings.payments.tasks.compare_payments"),
    # At night in India: 03:50 to 04:15.
    "make-partitions": daily(22, 20, "bookmyshow.core.tasks.make_partitions"),
    "clear-sessions": daily(22, 30, "accounts.tasks.clear_sessions"),
    "clear-old-messages": daily(22, 35, "accounts.tasks.clear_old_messages"),
    "forget-old-wishes": daily(22, 35, "shows.tell_me.tasks.forget_old_wishes"),
    "forget-old-places": daily(22, 35, "shows.waiting_room.tasks.forget_old_places"),
    "forget-guests": daily(22, 40, "bookings.tasks.forget_guests"),
    "number-older-documents": daily(22, 45, "bookings.tasks.number_documents", nightly=True),
}

# A slow mail server can keep a process of `worker` (Procfile) for a minute, and a payment provider
# that does not answer both of `sweeper`. So payments have their own queue, which only `sweeper`
# takes. Lapsed holds and admissions must wait for neither: both workers take the queue `sweeps`.
# Mail and push messages have one run each at most, so one of the three processes of `worker` is
# free.
QUEUES = {
    "bookings.tasks.release_expired_holds": {"queue": "sweeps"},
    "shows.waiting_room.tasks.admit": {"queue": "sweeps"},
    "bookings.payments.tasks.*": {"queue": "payments"},
    "bookings.tasks.send_refunds": {"queue": "payments"},
    "bookings.tasks.number_documents": {"queue": "payments"},
}
