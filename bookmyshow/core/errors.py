"""Base classes of the errors that refuse a request.

Each reason has its own class, with a code and a message. The classes of an app are in its
`errors.py`. The API documentation's table of codes is made from all of them (`described_codes`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A rule refused a request, and nothing was changed.

    A class without a `code` is only a base class, to catch several errors. Several classes may
    share a code: one of them sets `code`, `status` and `when`, and the others inherit from it.
    """

    #: Tells programs which error this is, so it never changes. Each code is a row of the table.
    code: ClassVar[str]
    #: The HTTP status of the API's response.
    status: ClassVar[int] = 409
    #: When the error happens, for the table.
    when: ClassVar[str]
    #: The message in the API's examples, if it differs from `message`. An error without another
    #: message also uses it.
    summary: ClassVar[str] = ""
    #: The text for the person who sent the request.
    message: str = ""
    #: More data for programs, for example the messages of each field.
    details: Mapping[str, Any] | None = None
    #: Seconds to wait before the next try.
    retry_after: int | None = None

    def __init__(
        self,
        message: str = "",
        *,
        details: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.message = message or self.message or self.summary
        if details is not None:
            self.details = details
        if retry_after is not None:
            self.retry_after = retry_after
        super().__init__(self.message)


class InvalidInput(DomainError):
    """The request or one of its values is invalid. `details` has the messages of each field."""

    code = "VALIDATION_ERROR"
    status = 400
    message = "The request can't be understood."
    when = "Bad JSON, a wrong type, a missing or impossible value; `details` has messages by field."


class NotAuthenticated(DomainError):
    code = "NOT_AUTHENTICATED"
    status = 401
    summary = "Log in and send the token: Authorization: Bearer <token>."
    when = "No token, a bad or expired one, or wrong credentials."


class Forbidden(DomainError):
    code = "FORBIDDEN"
    status = 403
    summary = "You may not do this."
    when = "Known, but not allowed."


class NotFound(DomainError):
    code = "NOT_FOUND"
    status = 404
    summary = "There is no such thing."
    when = "No such thing, or not yours."


class Unavailable(DomainError):
    code = "SERVICE_UNAVAILABLE"
    status = 503
    summary = "The service is not available right now. Please try again in a moment."
    when = "The database can't be reached; logged under `details.id`."


def domain_errors(root: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """All direct and indirect subclasses of `root` in modules that were imported."""
    for error in root.__subclasses__():
        yield error
        yield from domain_errors(error)


def described_codes() -> dict[str, type[DomainError]]:
    """Each code and the class that sets it, sorted by status and code.

    Complete only after every app's `errors.py` was imported.
    """
    # Only a class that sets `when` itself: subclasses inherit it.
    described = {error.code: error for error in domain_errors() if "when" in vars(error)}
    return dict(sorted(described.items(), key=lambda item: (item[1].status, item[0])))
