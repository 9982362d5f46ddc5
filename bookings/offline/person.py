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
#: The browser sent a session that is over: a log-out on another device, a changed password.
NOBODY = "nobody"


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
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and response.status_code < 500 and request.session.accessed:
            if person := person_key(request):
                response[PERSON_HEADER] = person
            elif _was_ended(request):
                response[PERSON_HEADER] = NOBODY
        return response


def _was_ended(request: HttpRequest) -> bool:
    return settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.is_empty()
