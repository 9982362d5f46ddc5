"""Every refusal of the domain has its place in the API's table of codes."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from accounts.services import AccountError
from bookings.errors import BookingError
from bookmyshow.core.api.errors import CODES, refused
from bookmyshow.core.rate_limits import RateLimited
from movies.services import CatalogueError
from shows.services import ScheduleError

APPS = ("accounts", "movies", "shows", "bookings")
ROOTS: tuple[type[Exception], ...] = (AccountError, CatalogueError, ScheduleError, BookingError)


def errors_below(root: type[Exception]) -> Iterator[type[Exception]]:
    for error in root.__subclasses__():
        yield error
        yield from errors_below(error)


def import_every_module() -> None:
    """A class is known to its parent once its module was imported."""
    for app in APPS:
        for module in pkgutil.walk_packages(import_module(app).__path__, f"{app}."):
            if not {"tests", "migrations"} & set(module.name.split(".")):
                import_module(module.name)


import_every_module()
ERRORS: list[type[Exception]] = [
    RateLimited,
    *(error for root in ROOTS for error in errors_below(root)),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_domain_error_is_answered_in_the_envelope(error: type[Exception]) -> None:
    raised = SimpleNamespace(code=error.code, message="Why not.")  # type: ignore[attr-defined]
    response = refused(RequestFactory().get("/api/shows"), raised)
    assert response.status_code == CODES[raised.code][0]
    assert 400 <= response.status_code < 500
    assert b'"message":"Why not."' in response.content


def test_the_errors_were_found() -> None:
    names = {error.__name__ for error in ERRORS}
    assert {"Archived", "PlanTooLarge", "ShowIsOver", "BookingUsed", "WrongCode"} <= names
