"""Sends mails about an account outside of the request.

A Celery worker sends them. It retries a failed mail up to five times; the random pauses between the
tries are together at most 16 minutes. If the broker is down, a thread of this process tries once.
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
from bookmyshow.celery import send_at_once

from . import mails

log = logging.getLogger(__name__)
RETRIES: dict[str, Any] = {
    "autoretry_for": (SMTPException, OSError, SoftTimeLimitExceeded),
    # Below CELERY_TASK_TIME_LIMIT, at which Celery kills a task without a retry.
    "soft_time_limit": 90,
    "retry_backoff": 30,
    "retry_jitter": True,
    "max_retries": 5,
}


# Do not rename the tasks: queues may hold mails of an earlier release under these names.
@shared_task(name="accounts.mail_queue.mail_reset_link", **RETRIES)
def mail_reset_link(email: str) -> None:
    mails.send_reset_link(email)


@shared_task(name="accounts.mail_queue.mail_password_changed", **RETRIES)
def mail_password_changed(user_id: int, changed_at: str) -> None:
    mails.send_password_changed(user_id, changed_at)


@shared_task(name="accounts.mail_queue.mail_confirmation_link", **RETRIES)
def mail_confirmation_link(user_id: int) -> None:
    mails.send_confirmation_link(user_id)


@shared_task(name="accounts.mail_queue.mail_account_changed", **RETRIES)
def mail_account_changed(email: str, what: str, by: str, changed_at: str) -> None:
    mails.send_account_changed(email, what, by, changed_at)


def queue_reset_link(email: str) -> None:
    """Queue a reset link. The task looks the account up, so the time here is always the same."""
    _enqueue(mail_reset_link, email)


def queue_password_changed(user: User) -> None:
    """Call this on commit. The mail gives the time of this call as the time of the change."""
    _enqueue(mail_password_changed, user.pk, _time_text())


def queue_account_changed(*, emails: set[str], what: str, by: User) -> None:
    """Call this on commit. `what` lists the changes in words; `by` made them.

    Each email has its own task: a retry for one email does not send a second mail to the other.
    """
    for email in sorted(emails):
        _enqueue(mail_account_changed, email, what, str(by), _time_text())


def _time_text() -> str:
    return f"{timezone.now():%-d %B %Y, %H:%M} UTC"


def queue_confirmation_link(user: User) -> None:
    """Call this on commit, when a worker can read the account."""
    _enqueue(mail_confirmation_link, user.pk)


def _enqueue(task: Task, *args: object) -> None:
    try:
        send_at_once(task, *args)
    except Exception as error:  # kombu, redis and sockets raise errors of different classes
        log.warning("broker unavailable (%s): this process sends the mail", type(error).__name__)
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
