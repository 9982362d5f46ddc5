"""Security middleware in addition to Django's and django-csp's, and a limit on uploads."""

from collections.abc import Callable
from typing import Any

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import BadRequest
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponseBase

# No page uses these browser features. Only the door's page uses the camera, to scan tickets.
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "camera",
        "accelerometer",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
PERMISSIONS_AT_THE_DOOR = PERMISSIONS.replace("camera=()", "camera=(self)")
#: The session's keys of somebody whose pages are their own: a log-in, or a guest (accounts.guests).
PERSONAL = (SESSION_KEY, "guest", "guest_links")
#: For all files of one request together. A poster may have 5 MB (movies.forms).
MOST_UPLOADED_BYTES = 10 * 2**20


def keep_address_secret(response: HttpResponseBase) -> None:
    """For a page whose address has a token: no Referer has it, and no search engine lists it.

    Not "no-referrer": with it a browser sends the page's form with "Origin: null", which the check
    of forms (CSRF) refuses.
    """
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"


class SecurityHeadersMiddleware:
    """Adds Permissions-Policy and Cross-Origin-Resource-Policy if the view did not set them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class PrivatePagesMiddleware:
    """Forbids browsers and proxies to store answers for somebody who is logged in, or a guest.

    This covers all pages, exports and the admin. The middleware does not load the session: if the
    view has not read it, the answer is the same for everybody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        private = request.session.accessed and any(key in request.session for key in PERSONAL)
        if private and "no-store" not in response.get("Cache-Control", ""):
            response["Cache-Control"] = "private, no-store"
        return response


class PolicyMiddleware(CSPMiddleware):
    """django-csp's middleware, but the policy of answers without a nonce is built only once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self._policy = build_policy()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        own = any(name.startswith("_csp") for name in (*vars(request), *vars(response)))
        if own or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self._policy)
        # The header is set now. Code that asks for a nonce after this gets an error; otherwise
        # browsers would block its script.
        request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]
        return response


class StaffAddressMiddleware:
    """Answers 400 if the query of a staff page has a NUL character.

    The admin's filters would pass it to the database, which refuses NUL with an error (a 500).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_staff_page = request.path_info.startswith(f"/{settings.ADMIN_PATH}")
        if is_staff_page and "%00" in request.META["QUERY_STRING"]:
            raise BadRequest("a NUL in the query")
        return self._get_response(request)


class QuotaUploadHandler(FileUploadHandler):
    """Stops reading a request if its files exceed MOST_UPLOADED_BYTES."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._received += len(raw_data)
        if self._received > MOST_UPLOADED_BYTES:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> Any:
        """Leave the file to the next handler."""
        return None
