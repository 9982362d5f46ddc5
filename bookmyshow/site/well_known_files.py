"""The files that browsers and crawlers request at fixed addresses, such as /robots.txt."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# Pages of accounts and bookings (these also have `noindex`), the API, and the seat map's polls.
NOT_FOR_CRAWLERS = ("/accounts/", "/bookings/", "/api/", "/shows/*/seats/")
A_DAY = 24 * 3600


@require_safe
@cache_control(public=True, max_age=A_DAY)
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in NOT_FOR_CRAWLERS),
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=A_DAY)
def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest: how the site looks on a phone's home screen."""
    icons = [
        {"src": static("favicon.svg"), "type": "image/svg+xml", "sizes": "any"},
        {"src": static("icons/icon-192.png"), "type": "image/png", "sizes": "192x192"},
        {"src": static("icons/icon-512.png"), "type": "image/png", "sizes": "512x512"},
        {
            "src": static("icons/maskable-512.png"),
            "type": "image/png",
            "sizes": "512x512",
            "purpose": "maskable",
        },
    ]
    data = {
        "name": "BookMyShow",
        "short_name": "BookMyShow",
        "description": "See what is on near you, pick your seats and carry the ticket.",
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#0e0b12",
        "theme_color": "#0e0b12",
        "icons": icons,
        "shortcuts": [{"name": "My bookings", "url": reverse("bookings:list")}],
    }
    return JsonResponse(data, content_type="application/manifest+json")


@require_safe
@cache_control(public=True, max_age=A_DAY)
def offline(request: HttpRequest) -> HttpResponse:
    """The page for a lost connection. Browsers store it, so it shows no data of the request."""
    return HttpResponse(render_to_string("site/offline.html"))
