"""The staff page "On sale now": live figures, and the switches of each on-sale."""

from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import AuthenticatedRequest
from accounts.staff.sessions import background
from bookmyshow.core.errors import DomainError
from bookmyshow.core.htmx import HtmxHttpRequest, page_or_part
from bookmyshow.core.staff.access import staff_with
from bookmyshow.core.time import database_now

from . import services
from .figures import on_sale_now
from .forms import PaceForm
from .models import OnSale

SWITCHED: dict[str, str] = {
    OnSale.Mode.CLOSED: "closed, nobody can hold seats",
    OnSale.Mode.OFF: "the waiting room is off, everybody can book",
}


@background
@require_safe
@never_cache
@staff_with("waiting_room.view_onsale")
def on_sale(request: HtmxHttpRequest) -> HttpResponse:
    """The page asks for its figures every few seconds. The forms below them stay as they are."""
    context = {
        **admin.site.each_context(request),
        "title": "On sale now",
        "sales": on_sale_now(database_now()),
    }
    return page_or_part(request, "shows/waiting_room/on_sale.html", "figures", context)


@require_POST
@staff_with("waiting_room.run_on_sale")
def switch(request: AuthenticatedRequest, on_sale_id: int) -> HttpResponse:
    """Open again as it was, close for everybody, or switch the waiting room off."""
    get_object_or_404(OnSale, pk=on_sale_id)
    mode = request.POST.get("mode", "")
    if mode not in OnSale.Mode.values:
        messages.error(request, "Choose one of the buttons: open, close, or switch off.")
        return redirect("staff-on-sale")
    try:
        sale = services.switch_sale(on_sale_id=on_sale_id, mode=mode, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{sale.name}: {SWITCHED.get(sale.mode, 'open')}.")
    return redirect("staff-on-sale")


@require_POST
@staff_with("waiting_room.run_on_sale")
def pace(request: AuthenticatedRequest, on_sale_id: int) -> HttpResponse:
    """Change how many people go in each minute, and how many may choose seats at once."""
    sale = get_object_or_404(OnSale, pk=on_sale_id)
    form = PaceForm(request.POST, instance=sale)
    if not form.is_valid():
        for field, problems in form.errors.items():
            messages.error(request, f"{form.fields[field].label}: {' '.join(map(str, problems))}")
        return redirect("staff-on-sale")
    services.change_sale(on_sale_id=on_sale_id, by=request.user, **form.cleaned_data)
    rate, cap = form.cleaned_data["rate"], form.cleaned_data["active_cap"]
    messages.success(request, f"{sale.name}: {rate:,} people a minute, {cap:,} at the same time.")
    return redirect("staff-on-sale")
