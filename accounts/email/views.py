from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import EmailTaken, LinkNotValid
from accounts.login.attempts import spend_confirmation_mail
from accounts.login.devices import remember_device
from accounts.requests import AuthenticatedRequest
from bookmyshow.core.security import keep_address_secret

from .confirmation import confirm_email, user_of_link
from .mails import write_confirmation_link
from .new_address import change_address
from .new_address_link import read_new_address


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email_page(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the mailed link. A button confirms, because mail scanners follow links too."""
    try:
        if request.method == "POST":
            confirm_email(token=token, request=request)
            messages.success(request, "Thank you. Your email address is confirmed.")
            return redirect("accounts:profile")
        context = {"email": user_of_link(token).email}
    except LinkNotValid:
        return render(request, "accounts/confirm_email.html", {"email": ""}, status=410)
    return render(request, "accounts/confirm_email.html", context)


@login_required
@require_POST
def send_confirmation_link(request: AuthenticatedRequest) -> HttpResponse:
    """Send the link again, to the address of the account."""
    if request.user.email_confirmed_at:
        messages.info(request, "Your email address is confirmed already.")
    else:
        spend_confirmation_mail(request.user)
        write_confirmation_link(request.user)
        messages.success(request, f"We have sent a new link to {request.user.email}.")
    return redirect("accounts:profile")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_address_page(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the link that was mailed to a new log-in address. A button takes it.

    Only for the account itself. If the address was mistyped, the mail is in a stranger's mailbox,
    and the link alone would give the account away (403).
    """
    try:
        account, email = read_new_address(token)
        if request.user != account:
            response: HttpResponse = render(request, "accounts/new_address_log_in.html", status=403)
        elif request.method == "POST":
            user = change_address(token=token, request=request)
            update_session_auth_hash(request, user)
            remember_device(request, user.email)
            messages.success(
                request,
                f"Done. From now on you log in with {user.email}. Other devices were logged out.",
            )
            response = redirect("accounts:profile")
        else:
            response = render(request, "accounts/new_address.html", {"email": email})
    except (LinkNotValid, EmailTaken):
        response = render(request, "accounts/new_address.html", {"email": ""}, status=410)
    keep_address_secret(response)
    return response
