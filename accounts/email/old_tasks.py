"""Celery tasks of the release before this one, which put each mail about an account into a task.

Queues may hold them during an upgrade, and web processes of that release still send them. Each
writes a message. This file can be deleted in the next release.
"""

from celery import shared_task

from accounts.models import User
from accounts.outbox.services import NewMessage, write, write_many

from .mails import write_confirmation_link, write_reset_link


@shared_task(name="accounts.mail_queue.mail_reset_link")
def mail_reset_link(email: str) -> None:
    write_reset_link(email)


@shared_task(name="accounts.mail_queue.mail_confirmation_link")
def mail_confirmation_link(user_id: int) -> None:
    if user := User.objects.filter(pk=user_id).first():
        write_confirmation_link(user)


@shared_task(name="accounts.mail_queue.mail_password_changed")
def mail_password_changed(user_id: int, changed_at: str) -> None:
    if user := User.objects.filter(pk=user_id).first():
        key = f"password-changed:{user.pk}:{changed_at}"
        write("password-changed", key=key, user=user, data={"changed_at": changed_at})


@shared_task(name="accounts.mail_queue.mail_account_changed")
def mail_account_changed(email: str, what: str, by: str, changed_at: str) -> None:
    user = User.objects.with_email(email).first()
    key = f"account-changed:{user.pk if user else 'old address'}:{changed_at}"
    data = {"what": what, "by": by, "changed_at": changed_at}
    write_many([NewMessage("account-changed", key, user, email, data=data)])
