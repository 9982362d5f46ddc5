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
OFFLINE_PAGES = {
    "offline": "site/offline.html",
    "door": "site/offline_door.html",
    "logOut": "site/offline_log_out.html",
}


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
    return JsonResponse(_manifest(), content_type="application/manifest+json")


def _manifest() -> dict[str, object]:
    return {
        "name": "BookMyShow",
        "short_name": "BookMyShow",
        "description": "See what is on near you, pick your seats and carry the ticket.",
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "lang": "en",
        "dir": "ltr",
        "categories": ["entertainment"],
        "background_color": "#0e0b12",
        "theme_color": "#0e0b12",
        "icons": [
            _image("favicon.svg", "any"),
            _image("icons/icon-192.png", "192x192"),
            _image("icons/icon-512.png", "512x512"),
            _image("icons/maskable-512.png", "512x512") | {"purpose": "maskable"},
        ],
        "shortcuts": [
            _shortcut("My bookings", reverse("bookings:list")),
            _shortcut("What’s on", reverse("listings:home")),
        ],
        # Browsers show them when they offer to install the site.
        "screenshots": [
            _screenshot("phone-films", "780x1560", "Films in your city"),
            _screenshot("phone-seats", "780x1560", "Pick your seats on a live map"),
            _screenshot("phone-ticket", "780x1560", "The ticket, also without a network"),
            _screenshot("wide-films", "1280x800", "Films in your city"),
            _screenshot("wide-seats", "1280x800", "Pick your seats on a live map"),
        ],
    }


def _image(path: str, sizes: str) -> dict[str, str]:
    kind = path.rpartition(".")[2].replace("svg", "svg+xml")
    return {"src": static(path), "type": f"image/{kind}", "sizes": sizes}


def _screenshot(name: str, sizes: str, label: str) -> dict[str, str]:
    form = "wide" if name.startswith("wide") else "narrow"
    image = _image(f"screenshots/{name}.webp", sizes)
    return image | {"form_factor": form, "label": label}


def _shortcut(name: str, url: str) -> dict[str, object]:
    return {"name": name, "url": url, "icons": [_image("icons/icon-192.png", "192x192")]}


@require_safe
@cache_control(public=True, max_age=A_DAY)
def offline(request: HttpRequest) -> HttpResponse:
    """The page for a lost connection. Browsers store it, so it shows no data of the request.

    `?for=door` is the page of the door, `?for=logOut` the answer to a log-out that was not sent.
    """
    template = OFFLINE_PAGES.get(request.GET.get("for", ""), OFFLINE_PAGES["offline"])
    return HttpResponse(render_to_string(template))
