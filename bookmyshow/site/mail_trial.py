"""`manage.py doctor --send-mail`: one real mail, the whole way from a row to the mail server."""

import time
import uuid
from datetime import timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from accounts.outbox.models import Message, Priority, State
from accounts.outbox.registry import register
from accounts.outbox.services import write
from bookmyshow.core.mail import compose_mail
from bookmyshow.core.time import database_now

from .findings import Finding

KIND = "mail-trial"
#: Longer than EMAIL_TIMEOUT and the time to the next run that beat starts.
WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.25
#: A worker that comes later drops the mail.
EXPIRES = timedelta(minutes=5)


def register_kind() -> None:
    register(KIND, label="Trial by doctor", compose=_compose, priority=Priority.FIRST)


def _compose(_message: Message) -> EmailMultiAlternatives:
    return compose_mail("site/mail/trial", {})


def own_address() -> str:
    """The address that the site's mails come from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def send_trial(address: str) -> Finding:
    """Write a mail to this address, and wait until a worker has sent it, for WAIT_SECONDS at most.

    A trial that was not sent is deleted, so that it raises no alert.
    """
    key, begins = f"{KIND}:{uuid.uuid4()}", time.monotonic()
    write(KIND, key=key, address=address, expires_at=database_now() + EXPIRES)
    trial = Message.objects.get(key=key)
    while True:
        trial.refresh_from_db()
        seconds = time.monotonic() - begins
        if trial.state == State.SENT:
            where = f"the mail server took a mail to {address} after {seconds:.1f} s"
            return Finding("trial of mail", f"{where}; look in that mailbox, and in its spam")
        if trial.last_error or seconds > WAIT_SECONDS:
            Message.objects.filter(pk=trial.pk, sent_at=None).delete()
            return _what_is_wrong(trial, seconds)
        time.sleep(LOOK_SECONDS)


def _what_is_wrong(trial: Message, seconds: float) -> Finding:
    if trial.last_error:
        text, advice = (
            f"the mail server did not take it: {trial.last_error}",
            "Is EMAIL_URL of the worker right, may DEFAULT_FROM_EMAIL send there, and does the "
            "address exist?",
        )
    elif trial.attempts:
        text, advice = (
            f"a worker began to send it, and the mail server has not answered for {seconds:.0f} s",
            "Does the server of EMAIL_URL answer to this host, and is its port open?",
        )
    else:
        text, advice = (
            f"no worker took it in {seconds:.0f} s",
            "Start the Procfile's `worker` and `beat`. Is the worker busy with a slow mail server? "
            "Its log has a line for each run.",
        )
    return Finding("trial of mail", text, advice, True)
