"""Why an account refuses something; codes as in the JSON API."""

from bookmyshow.core.errors import DomainError, Forbidden, NotAuthenticated, NotFound
from bookmyshow.core.rate_limits import Busy


class AccountError(DomainError):
    """This account can't be used like that."""


class EmailTaken(AccountError):
    """An account has this email already, in whatever case."""

    code = "EMAIL_TAKEN"
    summary = "An account with this email already exists."
    when = "The email has an account."
    message = "An account with this email already exists. Log in instead."


class WrongCredentials(AccountError, NotAuthenticated):
    """Says neither whether the email is known nor whether the account was closed."""

    message = "That email and password don't go together."


class WrongCode(WrongCredentials):
    """The password was right; staff need a code of their authenticator app too."""

    message = "Add the code of your authenticator app (`code`), set up on the site."


class AlreadySetUp(AccountError, Forbidden):
    """The person has an authenticator app already, set up in another session."""

    message = "An app was set up in another window meanwhile. Enter the code that it shows."


class LinkNotValid(AccountError, NotFound):
    """The link is too old, was changed, or was mailed to an earlier address of the account."""


class TooManyPasswords(Busy):
    """This process checks as many passwords as it may at one time."""

    message = "Many people are logging in right now. Please try again in a moment."
