"""Every DomainError is in the API's table of codes."""

import pkgutil
from importlib import import_module

import pytest

from bookmyshow.core.api.errors import ServerError, problem
from bookmyshow.core.api.openapi import HEADERS_OF_CODE
from bookmyshow.core.errors import DomainError, Unavailable, described_codes, domain_errors

PACKAGES = ("accounts", "movies", "shows", "bookings", "bookmyshow")
# Django loads these itself, or they run in their own process.
NOT_IMPORTED = {"tests", "migrations", "embedded", "payment_sandbox", "__main__"}


def import_every_module() -> None:
    """Import all modules, because `domain_errors` finds only imported classes."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if not NOT_IMPORTED & set(module.name.split(".")):
                import_module(module.name)


import_every_module()
ERRORS = sorted(
    {error for error in domain_errors() if hasattr(error, "code")},
    key=lambda error: error.__qualname__,
)


def raised(error: type[DomainError], message: str) -> DomainError:
    """An error with this message, made without its own constructor."""
    refusal = error.__new__(error)
    DomainError.__init__(refusal, message)
    return refusal


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_domain_error_is_answered_in_the_envelope(error: type[DomainError]) -> None:
    response = problem(raised(error, "Why not."))
    assert response.status_code == described_codes()[error.code].status
    is_ours = issubclass(error, Unavailable | ServerError)
    assert (500 if is_ours else 400) <= response.status_code < (600 if is_ours else 500)
    assert b'"message":"Why not."' in response.content


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_domain_error_has_words(error: type[DomainError]) -> None:
    described = described_codes()[error.code]
    assert described.when
    assert described.summary or described.message


def test_the_document_names_the_header_of_each_error_that_says_when_to_try_again() -> None:
    waits = {
        error.code
        for error in ERRORS
        if error.retry_after is not None or "retry_after" in error.__annotations__
    }
    described = {code for code, names in HEADERS_OF_CODE.items() if "Retry-After" in names}
    # `failures` sets it for each answer while the database is away.
    assert described == waits | {"SERVICE_UNAVAILABLE"}
    assert "HOLD_PAUSED" in waits


def test_a_code_is_described_by_one_class() -> None:
    describing = [error.code for error in ERRORS if "when" in vars(error)]
    assert len(describing) == len(set(describing))


def test_the_errors_were_found() -> None:
    names = {error.__name__ for error in ERRORS}
    assert {"Archived", "PlanTooLarge", "ShowIsOver", "BookingUsed", "WrongCode"} <= names
    assert {"RateLimited", "TooManyPasswords", "LinkNotValid", "MethodNotAllowed"} <= names
