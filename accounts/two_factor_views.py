"""Where staff give their code, or set up the app that makes it."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from . import two_factor
from .attempts import spend_code
from .forms import HouseForm
from .models import User

WRONG = "That is not the code of this half minute. Wait for the next one, then try it."


class CodeForm(HouseForm):
    code = forms.CharField(
        max_length=12,
        label="Code",
        error_messages={"required": "Write the six figures that the app shows."},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "input code"}
        ),
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        return "".join(code.split())


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def two_factor_page(request: HttpRequest) -> HttpResponse:
    """One code: of the app that is set up, or of the one that is being set up here."""
    user = request.user
    assert isinstance(user, User)
    if not user.is_staff:
        raise PermissionDenied
    known = two_factor.device_of(user)
    device = known or two_factor.device_to_confirm(user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        spend_code(request, user)
        if two_factor.verify(request=request, device=device, code=form.cleaned_data["code"]):
            return redirect(_way_on(request))
        form.add_error("code", WRONG)
    context = {"form": form, "next": _way_on(request), "is_new": known is None}
    if known is None:
        context |= {"qr": two_factor.qr_svg(device), "secret": two_factor.secret_text(device)}
    return render(request, "accounts/two_factor.html", context)


def _way_on(request: HttpRequest) -> str:
    """Where they were going, if that is on this site."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    here = {request.get_host()}
    if url_has_allowed_host_and_scheme(address, here, require_https=request.is_secure()):
        return address
    return reverse("admin:index")
