"""Whose browser this is, in a form that the service worker may keep.

Every page that depends on the session says it in a header. The service worker drops the tickets
that it keeps when a page comes for another person, and when the session was ended.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase

from accounts.guests.session import GUEST, LINKED
from bookmyshow.core.pseudonym import pseudonym

PERSON_HEADER = "X-Person"
#: The browser's session was ended: by log-out, by a changed password, on another device.
NOBODY = "nobody"
#: Remembers that. The answer that ends a session may be one that the service worker can't read,
#: such as a redirect; so the pages after it say NOBODY, too.
ENDED_COOKIE = "session_ended"


def person_key(request: HttpRequest) -> str:
    """A keyed hash of the session's person, account or guest; "" if there is none. No statement."""
    session = request.session
    pk = session.get(SESSION_KEY) or session.get(GUEST) or next(iter(session.get(LINKED, ())), None)
    return pseudonym(f"saved tickets of {pk}") if pk else ""


class PersonMiddleware:
    """Adds PERSON_HEADER to pages that have read the session.

    A browser whose session only ran out sends no cookie any more, and gets no header. It keeps its
    tickets until somebody else logs in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if not request.session.accessed:
            return response
        was_ended = settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.is_empty()
        if was_ended:
            _remember_end(response)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and response.status_code < 500:
            if person := person_key(request):
                response[PERSON_HEADER] = person
            elif was_ended or ENDED_COOKIE in request.COOKIES:
                response[PERSON_HEADER] = NOBODY
        return response


def _remember_end(response: HttpResponseBase) -> None:
    """Set ENDED_COOKIE. It is gone before a session that begins after it can run out."""
    response.set_cookie(
        ENDED_COOKIE,
        "yes",
        max_age=settings.SESSION_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
