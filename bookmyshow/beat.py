"""When beat starts which task (the setting CELERY_BEAT_SCHEDULE). Times of day are in UTC."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

SWEEP_SECONDS = 30
MAIL_SECONDS = 15
PUSH_SECONDS = 5
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

SCHEDULE: dict[str, dict[str, Any]] = {
    "release-expired-holds": {
        "task": "bookings.tasks.release_expired_holds",
        "schedule": timedelta(seconds=SWEEP_SECONDS),
        # A sweep that waited for longer than this is dropped, because the next one is due.
        "options": {"expires": SWEEP_SECONDS},
    },
    "send-mail": {
        "task": "accounts.tasks.send_mail",
        "schedule": timedelta(seconds=MAIL_SECONDS),
        "options": {"expires": MAIL_SECONDS},
    },
    # Push messages have their own runs, so that a slow mail server does not delay them.
    "send-push": {
        "task": "accounts.tasks.send_push",
        "schedule": timedelta(seconds=PUSH_SECONDS),
        "options": {"expires": PUSH_SECONDS},
    },
    "tend-waiting-lists": {
        "task": "bookings.tasks.tend_waiting_lists",
        "schedule": timedelta(seconds=WAITING_SECONDS),
        "options": {"expires": WAITING_SECONDS},
    },
    "write-hold-pushes": {
        "task": "bookings.tasks.write_hold_pushes",
        "schedule": timedelta(seconds=PUSH_SECONDS),
        "options": {"expires": PUSH_SECONDS},
    },
    "write-show-pushes": {
        "task": "bookings.tasks.write_show_pushes",
        "schedule": timedelta(seconds=SHOW_PUSH_SECONDS),
        "options": {"expires": SHOW_PUSH_SECONDS},
    },
    "number-documents": {
        "task": "bookings.tasks.number_documents",
        "schedule": timedelta(seconds=DOCUMENT_SECONDS),
        "options": {"expires": DOCUMENT_SECONDS},
    },
    "number-all-documents": {
        "task": "bookings.tasks.number_documents",
        "schedule": crontab(hour=22, minute=45),
        "kwargs": {"everything": True},
    },
    "write-reminders": {
        "task": "bookings.tasks.write_reminders",
        "schedule": timedelta(seconds=REMINDER_SECONDS),
        "options": {"expires": REMINDER_SECONDS},
    },
    "send-refunds": {
        "task": "bookings.tasks.send_refunds",
        "schedule": timedelta(seconds=REFUND_SECONDS),
        "options": {"expires": MONEY_TASK_EXPIRES},
    },
    "reconcile-payments": {
        "task": "bookings.payments.tasks.reconcile_payments",
        "schedule": timedelta(seconds=RECONCILE_SECONDS),
        "options": {"expires": MONEY_TASK_EXPIRES},
    },
    # The provider's list of the day before (UTC) is complete by then.
    "compare-payments": {
        "task": "bookings.payments.tasks.compare_payments",
        "schedule": crontab(hour=6, minute=10),
    },
    # At 04:00 in India. A time of day, because each restart of beat would start an interval again.
    "clear-old-messages": {
        "task": "accounts.tasks.clear_old_messages",
        "schedule": crontab(hour=22, minute=35),
    },
    "clear-sessions": {
        "task": "accounts.tasks.clear_sessions",
        "schedule": crontab(hour=22, minute=30),
    },
    "forget-guests": {
        "task": "bookings.tasks.forget_guests",
        "schedule": crontab(hour=22, minute=40),
    },
    "tell-bookable": {
        "task": "shows.tell_me.tasks.tell_bookable",
        "schedule": timedelta(seconds=TELL_SECONDS),
        "options": {"expires": TELL_SECONDS},
    },
    "forget-old-wishes": {
        "task": "shows.tell_me.tasks.forget_old_wishes",
        "schedule": crontab(hour=22, minute=35),
    },
}
