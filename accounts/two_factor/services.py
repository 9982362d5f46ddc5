"""A second factor for staff: a code from an authenticator app (TOTP, RFC 6238, by django-otp).

With STAFF_2FA on, staff can open staff pages (admin, door) only after they gave a code in this
session, and their API tokens are valid only if a code was given at the log-in. Staff who lost their
phone give a recovery code (`recovery_codes`) instead of the app's code.
"""

import base64
import io
import time
from collections.abc import Callable

import segno
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import urlencode
from django_otp import login as otp_login
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.email.mails import write_account_changed
from accounts.errors import AlreadySetUp
from accounts.models import User
from bookmyshow.core.htmx import redirect_whole_page
from bookmyshow.core.observability.security_log import log_event
from bookmyshow.core.staff import audit

from . import recovery_codes

DEVICE_NAME = "authenticator app"


def is_required(user: User) -> bool:
    """Whether this person's staff pages and API tokens need a code."""
    return settings.STAFF_2FA and user.is_staff


def is_needed(request: HttpRequest) -> bool:
    """Whether this session must give a code before a staff page opens."""
    if not settings.STAFF_2FA or not is_staff_page(request.path_info):
        return False
    user = request.user
    return isinstance(user, User) and is_required(user) and not is_verified(user)


def is_verified(user: User) -> bool:
    """Whether a code was given in this session. OTPMiddleware adds `is_verified` to the user."""
    check = getattr(user, "is_verified", None)
    return bool(check and check())


def device_of(user: User) -> TOTPDevice | None:
    """The person's authenticator app."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def device_to_set_up(request: HttpRequest) -> TOTPDevice:
    """An unsaved device that this session may set up; `set_up` saves it after a right code.

    The secret belongs to the session: it stays the same when the page is opened twice. Another
    session of this person (perhaps with a stolen password) gets a different secret.
    """
    key = salted_hmac("accounts.two_factor", str(request.session.session_key)).digest()
    return TOTPDevice(user=request.user, name=DEVICE_NAME, key=key.hex(), confirmed=True)


def set_up(*, request: HttpRequest, user: User, code: str) -> list[str] | None:
    """Set the app up and return recovery codes, to be shown once. None if the code is wrong.

    Ends the person's other sessions and all API tokens. Raises AlreadySetUp.
    """
    device = device_to_set_up(request)
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time()
    if not (code.isdecimal() and totp.verify(int(code), device.tolerance)):
        return None
    device.last_t, device.drift = totp.t(), totp.drift
    try:
        with transaction.atomic():
            device.save()
            codes = recovery_codes.make(user)
            audit.record(by=user, about=user, what="Set up an authenticator app.")
    except IntegrityError as error:
        raise AlreadySetUp from error
    user.refresh_from_db(fields=["token_version"])
    update_session_auth_hash(request, user)
    otp_login(request, device)
    return codes


def verify(*, request: HttpRequest, user: User, code: str) -> bool:
    """Check a code of the app or a recovery code. Returns whether it is right.

    With a right code, this session is verified from now on.
    """
    device = check_code(user, code)
    if device is None:
        return False
    request.session.cycle_key()
    otp_login(request, device)
    return True


def check_code(user: User, code: str) -> TOTPDevice | None:
    """The person's app if the code is right, else None. A code works once; guesses are throttled.

    The device's row is locked: if many sessions send the same code at once, one succeeds.
    """
    with transaction.atomic():
        devices = TOTPDevice.objects.select_for_update(no_key=True)
        device = devices.filter(user=user, confirmed=True).first()
        if device is None:
            return None
        if recovery_codes.looks_like_recovery_code(code):
            right = recovery_codes.use(user, code)
        else:
            right = code.isdecimal() and device.verify_token(code)
        return device if right else None


def new_recovery_codes(user: User) -> list[str]:
    """Make recovery codes, to be shown once, and delete the old ones."""
    with transaction.atomic():
        audit.record(by=user, about=user, what="Made new recovery codes.")
        return recovery_codes.make(user)


def forget_device(*, user: User, by: User) -> bool:
    """Delete the app and its recovery codes, and mail the person. False if there was no app.

    With STAFF_2FA on, the next staff page asks the person to set up another app.
    """
    with transaction.atomic():
        gone = _delete_device(user)
        if gone:
            audit.record(by=by, about=user, what="Authenticator app taken away.")
            write_account_changed(user=user, emails={user.email}, what="second factor", by=by)
    return bool(gone)


def reset(*, user: User) -> int:
    """Delete the app and its recovery codes, after a lost phone. Returns how many apps there were.

    A command calls this, without a logged-in person. So the audit log names the account itself as
    the author.
    """
    with transaction.atomic():
        gone = _delete_device(user)
        if gone:
            what = "Authenticator app taken away by a command (reset_two_factor)."
            audit.record(by=user, about=user, what=what)
    log_event("second factor change", account=user.email, what="taken away by a command")
    return gone


def _delete_device(user: User) -> int:
    recovery_codes.forget(user)
    return TOTPDevice.objects.filter(user=user).delete()[0]


def secret_text(device: TOTPDevice) -> str:
    """The secret in groups of four letters, for people who can't scan the QR code."""
    text = base64.b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def qr_svg(device: TOTPDevice) -> str:
    """The QR code for the authenticator app, black on white in light and dark mode."""
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
    """Redirects staff pages to the page that asks for a code, until this session is verified."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return (
            _redirect_to_code_page(request) if is_needed(request) else self._get_response(request)
        )


def _redirect_to_code_page(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method == "GET" else request.path
    address = f"{reverse('accounts:two-factor')}?{urlencode({'next': back})}"
    return redirect_whole_page(request, address)


def is_staff_page(path: str) -> bool:
    """Whether the path belongs to the admin, to the door or to the counter."""
    return path.startswith((f"/{settings.ADMIN_PATH}", "/door/", "/counter/"))
