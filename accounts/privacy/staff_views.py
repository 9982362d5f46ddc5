"""Staff pages about one person: export what is known, and anonymise."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import NotAnonymised, PersonBusy
from accounts.export import as_file
from accounts.models import User
from accounts.requests import AuthenticatedRequest
from accounts.staff.rights import may_change_account
from bookmyshow.core.staff.access import staff_with

from . import services
from .forms import ReasonForm

BEYOND_REACH = "This account has rights that yours does not have."


@never_cache
@require_http_methods(["GET", "POST"])
@staff_with("accounts.export_person")
def export(request: AuthenticatedRequest, user_id: int) -> HttpResponse:
    """Download a person's data, for staff who send it to them."""
    person = get_object_or_404(User, pk=user_id)
    form = ReasonForm(request.POST or None)
    refused = [] if may_change_account(request.user, person) else [BEYOND_REACH]
    if not refused and form.is_valid():
        data = services.export_for(
            by=request.user, person=person, reason=form.cleaned_data["reason"]
        )
        return as_file(data, f"person-{person.pk}")
    context = {"person": person, "form": form, "refused": refused}
    return _page(request, "accounts/privacy/staff_export.html", "Export a person’s data", context)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_with("accounts.anonymise_person")
def anonymise(request: AuthenticatedRequest, user_id: int) -> HttpResponse:
    """Forget a person for good. The page says what stays, and what is in the way."""
    person = get_object_or_404(User, pk=user_id, is_active=True)
    form = ReasonForm(request.POST or None)
    refused = services.why_not(person)
    if not refused and form.is_valid():
        try:
            services.anonymise(by=request.user, person=person, reason=form.cleaned_data["reason"])
        except (NotAnonymised, PersonBusy) as error:
            refused = [error.message]
        else:
            messages.success(request, "Anonymised. Only sales and invoices are left.")
            return redirect("admin:accounts_user_change", user_id)
    context = {"person": person, "form": form, "refused": refused}
    return _page(request, "accounts/privacy/staff_anonymise.html", "Anonymise a person", context)


def _page(
    request: HttpRequest, template: str, title: str, context: dict[str, object]
) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, **context}
    status = 422 if request.method == "POST" else 200
    return render(request, template, context, status=status)
