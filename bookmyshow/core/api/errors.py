"""Turns every exception in the API into a response with the same envelope."""

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
from bookmyshow.core.errors import (
    DomainError,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    Unavailable,
)
from bookmyshow.core.observability import request_id
from bookmyshow.core.observability.middleware import view_of

from .responses import respond
from .schemas import Problem, ProblemError

log = logging.getLogger(__name__)

UNKNOWN = (
    "The answer of the database was lost: it isn't known whether this was done."
    " Look before you send it again."
)
# Plain messages instead of pydantic's technical ones, by pydantic's type of error.
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


class MethodNotAllowed(DomainError):
    code = "METHOD_NOT_ALLOWED"
    status = 405
    message = "This address doesn't know that method."
    when = "The Allow header has the methods that it knows."


class PayloadTooLarge(DomainError):
    code = "PAYLOAD_TOO_LARGE"
    status = 413
    message = "The body is too large."
    when = "A body above 256 KiB."


class UnsupportedMediaType(DomainError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415
    summary = "Send JSON."
    message = "Send JSON, as application/json."
    when = "A body that isn't application/json."


class ServerError(DomainError):
    """An exception without a handler of its own: a bug of the site."""

    code = "SERVER_ERROR"
    status = 500
    summary = "Something went wrong on our side."
    when = "A fault of ours, logged under `details.id`."


def problem(error: DomainError) -> HttpResponse:
    """The HTTP response for this error."""
    told = ProblemError(
        code=error.code,
        message=error.message,
        details=dict(error.details) if error.details else None,
    )
    response = respond(Problem(error=told), error.status)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response


def handle_problems(api: NinjaAPI) -> None:
    """Register a handler on `api` for every exception."""
    api.add_exception_handler(DomainError, _refused)
    api.add_exception_handler(ValidationError, _invalid_request)
    api.add_exception_handler(ModelInvalid, _invalid_model)
    api.add_exception_handler(AuthenticationError, lambda r, e: problem(NotAuthenticated()))
    api.add_exception_handler(Http404, lambda r, e: problem(NotFound()))
    api.add_exception_handler(RequestDataTooBig, lambda r, e: problem(PayloadTooLarge()))
    api.add_exception_handler(UnreadablePostError, lambda r, e: problem(InvalidInput()))
    api.add_exception_handler(HttpError, _http_error)
    for away in failures.AWAY:
        api.add_exception_handler(away, _unavailable)
    api.add_exception_handler(Exception, _fault)


def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error)


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    # Ninja raises an HttpError from the error that the parser raised.
    if isinstance(error.__cause__, DomainError):
        return problem(error.__cause__)
    return problem(InvalidInput(error.message))


def _invalid_request(request: HttpRequest, error: Any) -> HttpResponse:
    details: dict[str, list[str]] = {}
    for each in error.errors:
        # "body" and the argument's name come before the field's name; elsewhere "query" or "path".
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
    return problem(InvalidInput(f"{field}: {messages[0]}", details=details))


def _sentence(error: Mapping[str, Any]) -> str:
    usual = str(error["msg"])
    return SENTENCES.get(error["type"], usual if usual.endswith(".") else f"{usual}.")


def _unavailable(request: HttpRequest, error: Any) -> HttpResponse:
    words = UNKNOWN if failures.may_be_done(request, error) else Unavailable.summary
    return _logged(Unavailable, request, error, words, retry_after=failures.RETRY_SECONDS)


def _fault(request: HttpRequest, error: Any) -> HttpResponse:
    return _logged(ServerError, request, error, ServerError.summary)


def _logged(
    refusal: type[Unavailable] | type[ServerError],
    request: HttpRequest,
    error: Exception,
    words: str,
    *,
    retry_after: int | None = None,
) -> HttpResponse:
    found = request_id.current()
    log.error("%s %s %s", refusal.code, request.method, view_of(request), exc_info=error)
    message = f"{words} (id {found})"
    return problem(refusal(message, details={"id": found}, retry_after=retry_after))
