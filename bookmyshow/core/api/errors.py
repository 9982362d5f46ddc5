"""Everything that can go wrong, in one envelope; the one table of codes is here."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as ModelInvalid
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic.alias_generators import to_camel

from bookmyshow.core.db import failures
from bookmyshow.core.observability import request_id
from bookmyshow.core.observability.middleware import view_of

from .responses import respond
from .schemas import Problem, ProblemError

log = logging.getLogger(__name__)

# Code: status, what is said where nothing more particular is known, and when it happens.
CODES: dict[str, tuple[int, str, str]] = {
    "VALIDATION_ERROR": (
        400,
        "The request can't be understood.",
        "Bad JSON, a wrong type, a missing or impossible value; `details` has messages by field.",
    ),
    "NOT_AUTHENTICATED": (
        401,
        "Log in and send the token: Authorization: Bearer <token>.",
        "No token, a bad or expired one, or wrong credentials.",
    ),
    "FORBIDDEN": (403, "You may not do this.", "Known, but not allowed."),
    "NOT_FOUND": (404, "There is no such thing.", "No such thing, or not yours."),
    "METHOD_NOT_ALLOWED": (
        405,
        "This address doesn't know that method.",
        "The Allow header has the methods that it knows.",
    ),
    "SEATS_UNAVAILABLE": (
        409,
        "These seats are no longer free.",
        "Someone else has a seat; `details.seats` has the labels lost.",
    ),
    "BOOKING_EXPIRED": (409, "The hold ran out.", "Confirming a hold that ran out."),
    "BOOKING_NOT_PENDING": (409, "This booking is over.", "Confirming a booking that is over."),
    "SHOW_NOT_BOOKABLE": (409, "This show can't be booked.", "The show started or was cancelled."),
    "SHOW_BUSY": (
        409,
        "Many people are booking this show right now. Please try again in a moment.",
        "The wait for the show ran out; try again after Retry-After seconds.",
    ),
    "SHOW_HAS_BOOKINGS": (409, "This show has bookings.", "Deleting a show that had a booking."),
    "MOVIE_HAS_SHOWS": (409, "This film has shows.", "Deleting a film that has shows."),
    "SHOW_OVERLAPS": (409, "The screen is busy then.", "Another show has the screen."),
    "MOVIE_NOT_SCHEDULABLE": (409, "The film has no running time.", "No running time, no end."),
    "ARCHIVED": (
        409,
        "This film or cinema is archived; restore it before scheduling shows.",
        "Scheduling a show of an archived film, or in an archived cinema.",
    ),
    "CINEMA_HAS_SHOWS": (
        409,
        "This cinema has shows to come.",
        "Archiving a cinema that has shows to come.",
    ),
    "PLAN_HAS_PROBLEMS": (
        409,
        "Some shows of this plan can't be made.",
        "A plan of shows that overlap, or that can't be scheduled.",
    ),
    "PLAN_TOO_LARGE": (
        409,
        "This plan makes too many shows.",
        "Scheduling more shows at once than one plan may make.",
    ),
    "EMAIL_TAKEN": (409, "An account with this email already exists.", "The email has an account."),
    "IDEMPOTENCY_KEY_REUSED": (
        409,
        "This Idempotency-Key was used for another request; use a new key.",
        "The same key came with another body.",
    ),
    "TOO_MANY_SEATS": (
        409,
        "One person can't have that many seats at a show.",
        "Seats held and confirmed at one show are counted together.",
    ),
    "TOO_MANY_HOLDS": (409, "You hold seats at many shows.", "Confirm or release a hold first."),
    "HOLD_PAUSED": (
        409,
        "You have held seats at this show for some time without buying them.",
        "After two holds at one show that were not confirmed; try again after Retry-After seconds.",
    ),
    "ADDRESS_LIMIT": (
        409,
        "Many seats of this show are on hold from your network.",
        "All people of one address are counted together; try again after Retry-After seconds.",
    ),
    "EMAIL_NOT_CONFIRMED": (
        409,
        "Confirm your email address first.",
        "Confirming more seats than a person with an unconfirmed email address may have.",
    ),
    "PAYLOAD_TOO_LARGE": (413, "The body is too large.", "A body above 256 KiB."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Send JSON.", "A body that isn't application/json."),
    "RATE_LIMITED": (
        429,
        "Too many attempts. Please wait and try again.",
        "Try again after Retry-After seconds.",
    ),
    "SERVER_ERROR": (
        500,
        "Something went wrong on our side.",
        "A fault of ours, logged under `details.id`.",
    ),
    "SERVICE_UNAVAILABLE": (
        503,
        "The service is not available right now. Please try again in a moment.",
        "The database can't be reached; logged under `details.id`.",
    ),
}

UNKNOWN = (
    "The answer of the database was lost: it isn't known whether this was done."
    " Look before you send it again."
)
# Words for a person, where pydantic's are for a programmer.
SENTENCES = {
    "missing": "This is required.",
    "model_type": "Send a JSON object.",
    "model_attributes_type": "Send a JSON object.",
    "list_type": "Send a list.",
    "string_type": "Send text.",
    "int_type": "Use a whole number.",
    "decimal_type": "Use a number.",
    "decimal_parsing": "Use a number.",
    "date_from_datetime_parsing": "There is no such date.",
    "date_parsing": "There is no such date.",
}


class ApiProblem(Exception):
    """A refusal that only the API knows; domain errors carry `code` and `message` of their own."""

    def __init__(
        self, code: str, message: str = "", *, details: Mapping[str, Any] | None = None
    ) -> None:
        self.code = code
        self.message = message or CODES[code][1]
        self.details = details
        super().__init__(self.message)


def problem(
    code: str,
    message: str = "",
    *,
    details: Mapping[str, Any] | None = None,
    retry_after: int | None = None,
) -> HttpResponse:
    """The response of a code of the table."""
    status, usual, _ = CODES[code]
    error = ProblemError(
        code=code, message=message or usual, details=dict(details) if details else None
    )
    response = respond(Problem(error=error), status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def refused(request: HttpRequest, error: Any) -> HttpResponse:
    """A domain error: it brings its code and message, and perhaps the seats or a wait."""
    labels = getattr(error, "labels", None)
    return problem(
        error.code,
        error.message,
        details=getattr(error, "details", None) or ({"seats": labels} if labels else None),
        retry_after=getattr(error, "retry_after", None),
    )


def handle_problems(api: NinjaAPI, *domain_errors: type[Exception]) -> None:
    """Have `api` answer every exception in the envelope; `domain_errors` have a `.code`."""
    refusals: list[type[Exception]] = [ApiProblem, *domain_errors]
    for refusal in refusals:
        api.add_exception_handler(refusal, refused)
    api.add_exception_handler(ValidationError, _invalid_request)
    api.add_exception_handler(ModelInvalid, _invalid_model)
    api.add_exception_handler(AuthenticationError, lambda r, e: problem("NOT_AUTHENTICATED"))
    api.add_exception_handler(Http404, lambda r, e: problem("NOT_FOUND"))
    api.add_exception_handler(RequestDataTooBig, lambda r, e: problem("PAYLOAD_TOO_LARGE"))
    api.add_exception_handler(UnreadablePostError, lambda r, e: problem("VALIDATION_ERROR"))
    api.add_exception_handler(HttpError, _http_error)
    for away in failures.AWAY:
        api.add_exception_handler(away, _unavailable)
    api.add_exception_handler(Exception, _fault)


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    # Ninja wraps whatever its parser raised.
    if isinstance(error.__cause__, ApiProblem):
        return refused(request, error.__cause__)
    return problem("VALIDATION_ERROR", error.message)


def _invalid_request(request: HttpRequest, error: Any) -> HttpResponse:
    details: dict[str, list[str]] = {}
    for each in error.errors:
        # The first parts say where the field is: the body or the query, and the argument's name.
        path = [str(part) for part in each["loc"]]
        named = path[2:] if path[0] == "body" else path[1:]
        details.setdefault(".".join(named) or "body", []).append(_sentence(each))
    return _invalid(details)


def _invalid_model(request: HttpRequest, error: Any) -> HttpResponse:
    if hasattr(error, "error_dict"):
        details = {to_camel(name): messages for name, messages in error.message_dict.items()}
    else:
        details = {"body": list(error.messages)}
    return _invalid(details)


def _invalid(details: dict[str, list[str]]) -> HttpResponse:
    field, messages = next(iter(details.items()))
    return problem("VALIDATION_ERROR", f"{field}: {messages[0]}", details=details)


def _sentence(error: Mapping[str, Any]) -> str:
    usual = str(error["msg"])
    return SENTENCES.get(error["type"], usual if usual.endswith(".") else f"{usual}.")


def _unavailable(request: HttpRequest, error: Any) -> HttpResponse:
    words = UNKNOWN if failures.may_be_done(request, error) else ""
    return _logged("SERVICE_UNAVAILABLE", request, error, words, retry_after=failures.RETRY_SECONDS)


def _fault(request: HttpRequest, error: Any) -> HttpResponse:
    return _logged("SERVER_ERROR", request, error)


def _logged(
    code: str,
    request: HttpRequest,
    error: Exception,
    words: str = "",
    *,
    retry_after: int | None = None,
) -> HttpResponse:
    found = request_id.current()
    log.error("%s %s %s", code, request.method, view_of(request), exc_info=error)
    message = f"{words or CODES[code][1]} (id {found})"
    return problem(code, message, details={"id": found}, retry_after=retry_after)
