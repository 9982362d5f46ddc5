"""Pages' buttons: be told on this browser, change what, and stop."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from limits import parse

from accounts.guests.session import people
from accounts.models import User
from accounts.requests import safe_next
from bookmyshow.core.errors import DomainError
from bookmyshow.core.own_pages import is_from_here
from bookmyshow.core.rate_limits import Limit, count_attempt_by_address

from . import services
from .browsers import browser_name, device_of, remember_device
from .errors import NotSubscribed
from .models import Subscription, Topic
from .opt_in import opt_in_context
from .services import Browser

CHANGES_FROM_ADDRESS = Limit("push-address", parse("60 per hour"))


@require_POST
@never_cache
def subscribe(request: HttpRequest) -> HttpResponse:
    """Tell a person on this browser. Answers the part of the page as it is then."""
    person = _person(request)
    count_attempt_by_address(CHANGES_FROM_ADDRESS, request)
    try:
        found = services.subscribe(
            user=person,
            browser=_browser(request),
            topics=_topics(request),
            name=browser_name(request),
            here=people(request),
        )
    except DomainError as error:
        return HttpResponse(error.message, content_type="text/plain", status=422)
    context = opt_in_context(request, person.pk, found, on=request.POST.get("on", ""))
    response = render(request, "accounts/push/_opt_in.html", context)
    remember_device(response, found.device)
    return response


@csrf_exempt  # A service worker has no token. Only scripts of this site are listened to.
@require_POST
@never_cache
def renew(request: HttpRequest) -> HttpResponse:
    """The browser has renewed its subscription by itself; its service worker says so.

    Answers 204. Refusals: 403 (another site's script), 404 (nobody is told anything on this
    browser, which its cookie names), 422 (values that can't be used).
    """
    if not is_from_here(request):
        return HttpResponse(status=403)
    count_attempt_by_address(CHANGES_FROM_ADDRESS, request)
    try:
        device = services.renew(device=device_of(request), browser=_browser(request))
    except DomainError as error:
        status = 404 if isinstance(error, NotSubscribed) else 422
        return HttpResponse(error.message, content_type="text/plain", status=status)
    response = HttpResponse(status=204)
    remember_device(response, device)
    return response


@require_POST
@never_cache
def change(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Change what a person is told on one of their browsers."""
    row = get_object_or_404(Subscription, pk=subscription_id, user__in=people(request))
    try:
        services.change_topics(subscription=row, topics=_topics(request))
        messages.success(request, "Saved.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(safe_next(request) or "accounts:profile")


@require_POST
@never_cache
def remove(request: HttpRequest) -> HttpResponse:
    """End one subscription of a person (the form's `subscription`), or all of them."""
    person, chosen = _person(request), request.POST.get("subscription", "")
    if chosen and not (chosen.isdecimal() and len(chosen) <= 18):
        raise Http404("no such browser")
    ended = services.unsubscribe(user=person, subscription_id=int(chosen) if chosen else None)
    if ended:
        which = "That browser gets" if chosen else "Your browsers get"
        messages.success(request, f"{which} no more notifications.")
    return redirect(safe_next(request) or "accounts:profile")


def _person(request: HttpRequest) -> User:
    """The person that the form is about: one of those whose bookings this browser may see."""
    wanted = request.POST.get("person", "")
    for person in people(request):
        if str(person.pk) == wanted:
            return person
    raise Http404("not a person of this browser")


def _browser(request: HttpRequest) -> Browser:
    return Browser(*(request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")))


def _topics(request: HttpRequest) -> list[Topic]:
    chosen = request.POST.getlist("topic")
    return [topic for topic in Topic if topic in chosen]
