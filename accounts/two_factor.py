"""A second factor for staff: a code from an authenticator app (TOTP, RFC 6238, by django-otp).

With STAFF_2FA on, staff get to no staff page (admin, door) in a session that hasn't seen a code,
and whoever has the role `admin` gets an API token only with one.
"""

import base64
import io
from collections.abc import Callable

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from .models import User

DEVICE_NAME = "authenticator app"


def is_needed(request: HttpRequest) -> bool:
    """Whether this person, in this session, still owes a code before a staff page opens."""
    if not settings.STAFF_2FA or not _is_staff_page(request.path_info):
        return False
    user = request.user
    return user.is_authenticated and user.is_staff and not _is_verified(user)


def device_of(user: User) -> TOTPDevice | None:
    """The person's confirmed device."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def device_to_confirm(user: User) -> TOTPDevice:
    """A device that has not shown a code yet; the same one until it has, so that a page opened
    twice shows the same secret."""
    device, _ = TOTPDevice.objects.get_or_create(
        user=user, confirmed=False, defaults={"name": DEVICE_NAME}
    )
    return device


def verify(*, request: HttpRequest, device: TOTPDevice, code: str) -> bool:
    """Take a code: true once, in its half minute; then the session is verified and the device
    confirmed. Wrong ones are throttled, ever longer."""
    if not check_code(device, code):
        return False
    if not device.confirmed:
        device.confirmed = True
        device.save(update_fields=["confirmed"])
    otp_login(request, device)
    return True


def check_code(device: TOTPDevice, code: str) -> bool:
    allowed, _ = device.verify_is_allowed()
    return bool(allowed and code.isdecimal() and device.verify_token(code))


def api_code_is_right(user: User, code: str) -> bool:
    """Whether an API log-in may have a token: always, but for staff who need a code."""
    if not (settings.STAFF_2FA and (user.is_staff or user.role == "admin")):
        return True
    device = device_of(user)
    return device is not None and check_code(device, code)


def secret_text(device: TOTPDevice) -> str:
    """The secret in groups of four, for typing where no camera is."""
    text = base64.b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def qr_svg(device: TOTPDevice) -> str:
    """The code that an authenticator app scans, black on white in any theme."""
    out = io.BytesIO()
    segno.make(device.config_url, error="m", micro=False).save(
        out,
        kind="svg",
        border=4,
        dark="#000",
        light="#fff",
        xmldecl=False,
        svgns=True,
        omitsize=True,
        svgclass="qr",
        lineclass=None,
        title="QR code for the authenticator app",
    )
    return out.getvalue().decode()


class StaffTwoFactorMiddleware:
    """Sends staff who owe a code to where they give it, and then back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return _to_the_code(request) if is_needed(request) else self._get_response(request)


def _to_the_code(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method == "GET" else request.path
    address = f"{reverse('accounts:two-factor')}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(address)
    return redirect(address)


def _is_staff_page(path: str) -> bool:
    return path.startswith((f"/{settings.ADMIN_PATH}", "/door/"))


def _is_verified(user: object) -> bool:
    """OTPMiddleware adds `is_verified` to whoever the session belongs to."""
    check = getattr(user, "is_verified", None)
    return bool(check and check())
