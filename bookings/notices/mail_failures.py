"""Classifies mail errors. The class decides whether and when the mail is tried again."""

import smtplib
from dataclasses import dataclass
from enum import Enum

from celery.exceptions import SoftTimeLimitExceeded

LONGEST_REASON = 200


class Failure(Enum):
    #: The server will never accept this address or this mail.
    PERMANENT = "permanent"
    #: The server does not accept this mail now.
    TEMPORARY = "temporary"
    #: The server accepts no mail to any address.
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reason` is for staff: the server's words without the address, or our own error."""

    failure: Failure
    reason: str


def refusal_to_connect(error: Exception) -> Refusal:
    return Refusal(Failure.SERVER, _words(error))


def refusal_of(error: Exception, address: str) -> Refusal:
    """Classify an error that was raised while one mail was written or sent."""
    return Refusal(_failure(error), _words(error).replace(address, "…"))


def _failure(error: Exception) -> Failure:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _by_code(_reply(error)[0])
        # The server refuses the site's own address, so it refuses every mail.
        case smtplib.SMTPSenderRefused():
            return Failure.SERVER
        case smtplib.SMTPResponseException():
            return _by_code(error.smtp_code)
        # This comes before ValueError, because a certificate error is an OSError and a ValueError.
        # SoftTimeLimitExceeded is the time limit of the Celery task: the server was too slow.
        case OSError() | SoftTimeLimitExceeded():
            return Failure.SERVER
        # The address or a header can't be written into a mail (UnicodeError, BadHeaderError).
        case ValueError():
            return Failure.PERMANENT
        case _:
            return Failure.TEMPORARY


def _by_code(code: int) -> Failure:
    """Classify a reply code (RFC 5321, 4.2.1): 4xx may be tried again, 5xx may not.

    421 (the server closes the connection) and 53x (it refuses our log-in) concern every mail.
    """
    if code == 421 or 530 <= code < 540:
        return Failure.SERVER
    return Failure.PERMANENT if code >= 500 else Failure.TEMPORARY


def _reply(error: smtplib.SMTPRecipientsRefused) -> tuple[int, bytes | str]:
    """The code and text of the reply. A mail has one recipient, so there is one reply."""
    return next(iter(error.recipients.values()))


def _words(error: Exception) -> str:
    code: int | str
    words: bytes | str
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, words = _reply(error)
        case smtplib.SMTPResponseException():
            code, words = error.smtp_code, error.smtp_error
        case _:
            code, words = f"{type(error).__name__}:", " ".join(map(str, error.args))
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:LONGEST_REASON]
