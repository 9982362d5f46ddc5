"""The channel of mails: one connection to the mail server for a run, and what its errors mean."""

import hashlib
import smtplib
from contextlib import suppress
from urllib.parse import urlsplit

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from .failures import Failure, Refusal, one_line, words_of
from .models import Message


class MailSender:
    """Sends the mails of one run over one connection (registry.Sender)."""

    def __init__(self) -> None:
        self._connection = get_connection()

    def open(self) -> None:
        self._connection.open()

    def send(self, message: Message, content: EmailMultiAlternatives) -> None:
        content.to = [message.recipient]
        content.extra_headers["Message-ID"] = message_id(message)
        # Programs that answer mails, such as out-of-office replies, leave these alone (RFC 3834).
        content.extra_headers.setdefault("Auto-Submitted", "auto-generated")
        content.connection = self._connection
        content.send()

    def refusal(self, error: Exception, message: Message) -> Refusal:
        return refusal_of(error, message.recipient)

    def close(self) -> None:
        self._connection.close()

    def drop_connection(self) -> None:
        """Close without QUIT, because Django's `close` waits for the answer to QUIT."""
        for name in ("connection", "_partial_connection"):
            if smtp := getattr(self._connection, name, None):
                smtp.close()
        with suppress(Exception):
            self._connection.close()


def message_id(message: Message) -> str:
    """The same in every try, so that mail programs show a mail once that was sent twice.

    The host is that of the site, not the machine's name: another machine may send the mail again.
    """
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    # A mail of the earlier release may have been sent by it already (migration bookings.0015).
    if message.key.startswith("notice-"):
        return f"<{message.key}@{host}>"
    digest = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    return f"<{message.kind}.{digest}@{host}>"


def refusal_to_connect(error: Exception) -> Refusal:
    return Refusal(Failure.SERVER, _words(error))


def refusal_of(error: Exception, address: str) -> Refusal:
    """Classify an error that was raised while one mail was sent."""
    reason = _words(error)
    return Refusal(_failure(error), reason.replace(address, "…") if address else reason)


def _failure(error: Exception) -> Failure:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _by_reply(*_reply(error))
        # The server refuses the site's own address, so it refuses every mail.
        case smtplib.SMTPSenderRefused():
            return Failure.SERVER
        # 452 after the text, and not about one mailbox (4.2.2): the server has no room for mail.
        case smtplib.SMTPDataError(smtp_code=452) if b"4.2." not in _bytes(error.smtp_error):
            return Failure.SERVER
        case smtplib.SMTPResponseException():
            return _by_reply(error.smtp_code, error.smtp_error)
        # This comes before ValueError, because a certificate error is an OSError and a ValueError.
        # SoftTimeLimitExceeded is the time limit of the Celery task: the server was too slow.
        case OSError() | SoftTimeLimitExceeded():
            return Failure.SERVER
        # The address or a header can't be written into a mail (UnicodeError, BadHeaderError).
        case ValueError():
            return Failure.PERMANENT
        case _:
            return Failure.TEMPORARY


def _by_reply(code: int, words: bytes | str) -> Failure:
    """Classify a reply (RFC 5321, 4.2.1): 4xx may be tried again, 5xx may not.

    Three concern every mail: 421 (the server closes the connection), 53x (it refuses our log-in),
    and the enhanced codes 4.3.x (RFC 3463: its disk is full, it is shutting down).
    """
    if code == 421 or 530 <= code < 540 or _bytes(words).startswith(b"4.3."):
        return Failure.SERVER
    return Failure.PERMANENT if code >= 500 else Failure.TEMPORARY


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()


def _reply(error: smtplib.SMTPRecipientsRefused) -> tuple[int, bytes | str]:
    """The code and text of the reply. A mail has one recipient, so there is one reply."""
    return next(iter(error.recipients.values()))


def _words(error: Exception) -> str:
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, words = _reply(error)
        case smtplib.SMTPResponseException():
            code, words = error.smtp_code, error.smtp_error
        case _:
            return words_of(error)
    return one_line(f"{code} {_bytes(words).decode(errors='replace')}")
