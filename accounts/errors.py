"""Errors about accounts, with the codes of the JSON API."""

from bookmyshow.core.errors import (
    DomainError,
    Forbidden,
    NotAuthenticated,
    NotFound,
    Unavailable,
)
from bookmyshow.core.rate_limits import Busy, RateLimited


class AccountError(DomainError):
    """Base class of the errors about accounts."""


class EmailTaken(AccountError):
    """An account has this email already, compared without regard to case."""

    code = "EMAIL_TAKEN"
    summary = "An account with this email already exists."
    when = "The email has an account."
    message = "An account with this email already exists. Log in instead."


class WrongCredentials(AccountError, NotAuthenticated):
    """The same error for a wrong password, an unknown email and a closed account."""

    message = "That email and password don't go together."


class WrongCode(WrongCredentials):
    """The password was right, but the code of the authenticator app is missing or wrong."""

    message = "Add the code of your authenticator app (`code`), set up on the site."


class AlreadySetUp(AccountError, Forbidden):
    """The person already has an authenticator app. It was set up in another session."""

    message = "An app was set up in another window meanwhile. Enter the code that it shows."


class PersonBusy(AccountError, Unavailable):
    """Something of the person is locked, so nothing of their data was deleted."""

    message = "Your bookings are being changed right now. Nothing was deleted; try again."
    retry_after = 2


class NotAnonymised(AccountError, Forbidden):
    """Staff may not anonymise the person now: tickets to come, money under way, or a colleague."""


class LinkNotValid(AccountError, NotFound):
    """The link is too old, was changed, or was mailed to an earlier address of the account."""


class TooManyGuests(RateLimited):
    """Too many new guests of one network address. People with an account are not affected."""

    message = (
        "Many people on your network are choosing seats right now. Log in or sign up to choose "
        "yours, or try again in a few minutes."
    )


class TooManyPasswords(Busy):
    """This process is hashing the maximum number of passwords already."""

    message = "Many people are logging in right now. Please try again in a moment."
