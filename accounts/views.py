from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import login as start_session
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
)
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookmyshow.core.observability.security_log import log_event

from . import services
from .email.mails import write_reset_link
from .email.new_address import ask_for_new_address
from .errors import PersonBusy
from .export import account_data, as_file
from .forms import (
    ChangePasswordForm,
    CurrentPasswordForm,
    ForgotPasswordForm,
    MailedPasswordForm,
    NewAddressForm,
    ProfileForm,
    SignUpForm,
)
from .guests.session import guest_of
from .login.attempts import (
    spend_confirmation_mail,
    spend_email_check,
    spend_reset,
    spend_sign_up,
)
from .login.devices import remember_device
from .privacy.services import delete_account
from .requests import AuthenticatedRequest, safe_next


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """Create an account and log in, then redirect to the `next` address."""
    if request.user.is_authenticated:
        return redirect(safe_next(request) or "listings:home")
    if request.method == "POST":
        spend_sign_up(request, request.POST.get("email", ""))
    guest = guest_of(request)
    known = {"name": guest.name, "email": guest.email} if guest else {}
    form = SignUpForm(request.POST or None, initial=known)
    if form.is_valid() and (user := form.save(request)):
        start_session(request, user)
        messages.success(
            request,
            f"Welcome, {user.get_short_name()}. Your account is open. "
            f"We have sent a link to {user.email}: follow it to confirm that it is your address.",
        )
        return redirect(safe_next(request) or "listings:home")
    status = 422 if form.is_bound else 200
    context = {"form": form, "next": safe_next(request), "log_in": log_in_instead(request, form)}
    return render(request, "accounts/signup.html", context, status=status)


def log_in_instead(request: HttpRequest, form: SignUpForm) -> str:
    """The address of the log-in page if the email has an account, else "".

    The email is in the fragment, which the browser does not send. A query would appear in logs.
    """
    if not form.has_error("email", "taken"):
        return ""
    wanted = safe_next(request)
    query = f"?{urlencode({'next': wanted})}" if wanted else ""
    email = urlencode({"email": form.data["email"].strip()})
    return f"{reverse('accounts:login')}{query}#{email}"


@sensitive_post_parameters("password")
@never_cache
@require_POST
def signup_check(request: HttpRequest, field: str) -> HttpResponse:
    """For htmx, when the person leaves a field: the field's error, empty if the value is fine."""
    asks_email = field == "email"
    if asks_email:
        spend_email_check(request)
    # Only a check of the email field may tell whether the email has an account.
    form = SignUpForm(request.POST, tells_taken=asks_email)
    if field not in form.fields:
        return HttpResponseBadRequest()
    context = {"field": form[field], "log_in": log_in_instead(request, form)}
    return render(request, "_field.html#error", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: AuthenticatedRequest) -> HttpResponse:
    """The profile page: shows and changes name and phone."""
    user = request.user
    form = ProfileForm(request.POST or None, initial={"name": user.name, "phone": user.phone})
    if form.is_valid():
        services.change_details(user=user, **form.cleaned_data)
        messages.success(request, "Your details are saved.")
        return redirect("accounts:profile")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/profile.html", {"form": form}, status=status)


@sensitive_post_parameters()
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: AuthenticatedRequest) -> HttpResponse:
    """Change the password. Only this browser stays logged in."""
    form = ChangePasswordForm(request, request.POST or None)
    if form.is_valid():
        update_session_auth_hash(request, form.save(request))
        messages.success(request, "Your password is changed. Other devices were logged out.")
        return redirect("accounts:profile")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/password.html", {"form": form}, status=status)


@sensitive_post_parameters("password")
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: AuthenticatedRequest) -> HttpResponse:
    """Ask for another log-in address: a link is mailed to it, and nothing changes until then."""
    form = NewAddressForm(request, request.POST or None)
    if form.is_valid():
        spend_confirmation_mail(request.user)
        new = form.cleaned_data["email"]
        ask_for_new_address(user=request.user, email=new, request=request)
        messages.success(
            request, f"We have sent a link to {new}. Open it to log in with that address."
        )
        return redirect("accounts:profile")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/email.html", {"form": form}, status=status)


@login_required
@require_POST
def log_out_others(request: AuthenticatedRequest) -> HttpResponse:
    """End all sessions and API tokens except this browser's session."""
    update_session_auth_hash(
        request, services.log_out_everywhere(user=request.user, request=request)
    )
    messages.success(request, "Every other device and app was logged out.")
    return redirect("accounts:profile")


@never_cache
@login_required
@require_safe
def export(request: AuthenticatedRequest) -> HttpResponse:
    """Download all data of the person as a JSON file."""
    log_event("export", request=request, account=request.user.email, what="own data")
    return as_file(account_data(request.user))


@sensitive_post_parameters("password")
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: AuthenticatedRequest) -> HttpResponse:
    """Close the account for ever. The form asks for the password."""
    form = CurrentPasswordForm(request, request.POST or None)
    if form.is_valid():
        try:
            delete_account(user=request.user, request=request)
        except PersonBusy as error:
            messages.error(request, error.message)
            return redirect("accounts:delete")
        end_session(request)
        messages.success(request, "Your account is closed and your personal data is deleted.")
        return redirect("listings:home")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/delete.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Mail a link to reset the password. The answer is the same for an unknown email."""
    form = ForgotPasswordForm(request.POST or None)
    if request.method == "POST":
        spend_reset(request, request.POST.get("email", ""))
    if form.is_valid():
        email = form.cleaned_data["email"]
        log_event("password reset request", request=request, account=email)
        write_reset_link(email)
        return redirect("accounts:password-reset-sent")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/password_reset.html", {"form": form}, status=status)


class ChooseNewPassword(PasswordResetConfirmView):
    """The page of the mailed link. The new password makes this browser a known device."""

    def form_valid(self, form: Any) -> HttpResponseRedirect:
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        user = form.save(self.request)
        remember_device(self.request, user.email)
        return HttpResponseRedirect(self.get_success_url())


choose_new_password = ChooseNewPassword.as_view(
    template_name="accounts/password_reset_new.html",
    form_class=MailedPasswordForm,
    success_url=reverse_lazy("accounts:password-reset-done"),
)
