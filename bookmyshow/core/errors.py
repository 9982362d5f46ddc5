"""Base classes of errors that refuse a request: one class for each reason, with code and message.

Each app has its errors in its `errors.py`. The API's table of codes is made from them
(`described_codes`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A rule refused a request, and nothing was changed.

    A class without a `code` is only a base class, to catch several errors. The first class of a
    code also has `status` and `when`; other errors with this code inherit from it.
    """

    #: Stable, for programs; a row of the API's table.
    code: ClassVar[str]
    #: The HTTP status of the API's answer.
    status: ClassVar[int] = 409
    #: When it happens, for the API's table.
    when: ClassVar[str]
    #: The message of the API's examples, if it differs from `message`.
    summary: ClassVar[str] = ""
    #: For the person who sent the request.
    message: str = ""
    #: For programs, for example messages by field.
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
    """`details` has messages by field."""

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
    """Every subclass of `root` whose module was imported."""
    for error in root.__subclasses__():
        yield error
        yield from domain_errors(error)


def described_codes() -> dict[str, type[DomainError]]:
    """Each code and the class that describes it, by status and code.

    It is complete when the apps' services have been imported.
    """
    described = {error.code: error for error in domain_errors() if "when" in vars(error)}
    return dict(sorted(described.items(), key=lambda row: (row[1].status, row[0])))
