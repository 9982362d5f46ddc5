"""Pages where staff give a code, set up the authenticator app and manage recovery codes."""

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.errors import AlreadySetUp
from accounts.forms import SiteForm
from accounts.login.attempts import spend_code
from accounts.models import User
from accounts.requests import safe_next
from bookmyshow.core.observability.security_log import log_event

from . import recovery_codes
from . import services as two_factor


class CodeForm(SiteForm):
    wrong = "That is not the code of this half minute. Wait for the next code, then try it."

    code = forms.CharField(
        max_length=24,
        label="Code",
        error_messages={"required": "Write the six figures that the app shows."},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "input code"}
        ),
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        return "".join(code.split())


class AnyCodeForm(CodeForm):
    """Accepts recovery codes too. They have letters, so phones show the full keyboard."""

    wrong = (
        "That is not the code of this half minute, and no unused recovery code. Wait for the next"
        " code, then try it."
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code, or recovery code"
        self.fields["code"].widget.attrs["inputmode"] = "text"


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def two_factor_page(request: HttpRequest) -> HttpResponse:
    """Ask for a code of the app or a recovery code. A person without an app sets one up here."""
    user = _staff(request)
    if two_factor.device_of(user) is None:
        return _set_up_page(request, user)
    form = AnyCodeForm(request.POST or None)
    if form.is_valid():
        spend_code(request, user)
        if two_factor.verify(request=request, user=user, code=form.cleaned_data["code"]):
            log_event("second factor", request=request, account=user.email)
            return redirect(_next_address(request))
        _refuse(request, user, form)
    context = {"form": form, "next": _next_address(request), "is_new": False}
    return render(request, "accounts/two_factor/app.html", context)


def _set_up_page(request: HttpRequest, user: User) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if form.is_valid():
        spend_code(request, user)
        try:
            codes = two_factor.set_up(request=request, user=user, code=form.cleaned_data["code"])
        except AlreadySetUp as error:
            messages.info(request, error.message)
            return redirect(request.get_full_path())
        if codes is not None:
            log_event("second factor change", request=request, account=user.email, what="set up")
            return _show_codes(request, codes)
        _refuse(request, user, form)
    device = two_factor.device_to_set_up(request)
    context = {"form": form, "next": _next_address(request), "is_new": True}
    context |= {"qr": two_factor.qr_svg(device), "secret": two_factor.secret_text(device)}
    return render(request, "accounts/two_factor/app.html", context)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def two_factor_codes(request: HttpRequest) -> HttpResponse:
    """Ask for a code; then make new recovery codes, or remove the app to set up another phone."""
    user = _staff(request)
    if not two_factor.is_verified(user):
        return redirect(f"{reverse('accounts:two-factor')}?next={request.path}")
    form = AnyCodeForm(request.POST or None)
    if form.is_valid():
        spend_code(request, user)
        if two_factor.check_code(user, form.cleaned_data["code"]) is None:
            _refuse(request, user, form)
        elif request.POST.get("do") == "replace":
            two_factor.forget_device(user=user, by=user)
            log_event(
                "second factor change", request=request, account=user.email, what="taken away"
            )
            user.refresh_from_db(fields=["token_version"])
            update_session_auth_hash(request, user)
            return redirect("accounts:two-factor")
        else:
            log_event("second factor change", request=request, account=user.email, what="new codes")
            return _show_codes(request, two_factor.new_recovery_codes(user))
    context = {
        "form": form,
        "left": recovery_codes.count_unused(user),
        "of": recovery_codes.HOW_MANY,
    }
    return render(request, "accounts/two_factor/codes.html", context)


def _refuse(request: HttpRequest, user: User, form: CodeForm) -> None:
    log_event("second factor", request=request, account=user.email, outcome="refused")
    form.add_error("code", form.wrong)


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Show the new recovery codes. No later page shows them."""
    context = {"codes": codes, "next": _next_address(request)}
    return render(request, "accounts/two_factor/recovery_codes.html", context)


def _staff(request: HttpRequest) -> User:
    """The logged-in person. Raises PermissionDenied for customers: they have no second factor."""
    user = request.user
    if not (isinstance(user, User) and user.is_staff):
        raise PermissionDenied
    return user


def _next_address(request: HttpRequest) -> str:
    """The `next` address if it is on this site, else the admin's front page."""
    return safe_next(request) or reverse("admin:index")
