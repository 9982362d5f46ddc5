"""Mails about an account are sent outside of the request: by a worker, which gets them through the
broker, or by a thread of this process while the broker is down.

A worker tries a mail again for half an hour while the mail server doesn't answer.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from smtplib import SMTPException
from typing import Any

from celery import Task, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connections
from django.utils import timezone

from accounts.models import User
from bookmyshow.celery import app

from . import mails

log = logging.getLogger(__name__)
BROKER_SECONDS = 0.5
# The names of the tasks are those that queues of earlier releases hold.
RETRIES: dict[str, Any] = {
    "autoretry_for": (SMTPException, OSError, SoftTimeLimitExceeded),
    # Below CELERY_TASK_TIME_LIMIT, at which Celery kills a task without a further try.
    "soft_time_limit": 90,
    "retry_backoff": 30,
    "retry_jitter": True,
    "max_retries": 5,
}


@shared_task(name="accounts.mail_queue.mail_reset_link", **RETRIES)
def mail_reset_link(email: str) -> None:
    mails.send_reset_link(email)


@shared_task(name="accounts.mail_queue.mail_password_changed", **RETRIES)
def mail_password_changed(user_id: int, changed_at: str) -> None:
    mails.tell_password_changed(user_id, changed_at)


@shared_task(name="accounts.mail_queue.mail_confirmation_link", **RETRIES)
def mail_confirmation_link(user_id: int) -> None:
    mails.send_confirmation_link(user_id)


@shared_task(name="accounts.mail_queue.mail_account_changed", **RETRIES)
def mail_account_changed(email: str, what: str, by: str, changed_at: str) -> None:
    mails.tell_account_changed(email, what, by, changed_at)


def ask_for_reset_link(email: str) -> None:
    """The same work, and so the same time, whether or not the email has an account."""
    _later(mail_reset_link, email)


def owe_password_changed(user: User) -> None:
    """Call it on commit. The mail says the time of this call."""
    _later(mail_password_changed, user.pk, _moment())


def owe_account_changed(*, emails: set[str], what: str, by: User) -> None:
    """Call it on commit. `what` was changed, as a list in words, by a colleague.

    Each email has a task of its own, so that a failure of one doesn't send the other again.
    """
    for email in sorted(emails):
        _later(mail_account_changed, email, what, str(by), _moment())


def _moment() -> str:
    return f"{timezone.now():%-d %B %Y, %H:%M} UTC"


def owe_confirmation_link(user: User) -> None:
    """Call it on commit."""
    _later(mail_confirmation_link, user.pk)


def _later(task: Task, *args: object) -> None:
    patience = {"socket_timeout": BROKER_SECONDS, "socket_connect_timeout": BROKER_SECONDS}
    try:
        with app.connection_for_write(transport_options=patience) as broker:
            task.apply_async(args, connection=broker, retry=False)
    except Exception as error:  # kombu, redis and sockets each raise their own
        log.warning("a mail about an account goes without the broker: %s", type(error).__name__)
        _mail_thread().submit(_run_here, task, args)


def _run_here(task: Task, args: tuple[object, ...]) -> None:
    try:
        task.run(*args)
    except Exception:
        log.exception("a mail about an account could not be sent")
    finally:
        connections.close_all()


@cache
def _mail_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="account-mail")
