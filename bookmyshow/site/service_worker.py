"""The service worker, put together from the modules in static/js/sw/ (docs/decisions/0022)."""

import hashlib
import json
import re
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.push.keys import server_key
from bookmyshow.environment import ROOT

from .well_known_files import OFFLINE_PAGES

FOLDER = ROOT / "static/js/sw"
# In this order, in one script: each part stands after those that it imports.
PARTS = ("rules", "tickets", "answers", "events", "push")
STYLES = (
    "tokens",
    "base",
    "controls",
    "components",
    "frame",
    "errors",
    "booking",
    "offline",
)
IMPORT = re.compile(r"^import\b[^;]*;\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=const |let |function |async |class )", re.MULTILINE)


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It is served at /sw.js, because it controls only pages below its path."""
    pages, files = offline_pages(), kept_files()
    seen = [*files, *(render_to_string(template) for template in OFFLINE_PAGES.values())]
    site = {
        "pages": pages,
        "kept": [*pages.values(), *files],
        "version": hashlib.blake2b("".join(seen).encode(), digest_size=6).hexdigest(),
        "list": reverse("bookings:offline-list"),
        "icon": static("icons/icon-192.png"),
        "renew": reverse("accounts:push-renew"),
        "pushKey": key.public if (key := server_key()) else "",
    }
    return HttpResponse(
        f'"use strict";\nself.SITE = {json.dumps(site)};\n{parts()}',
        content_type="text/javascript; charset=utf-8",
    )


def offline_pages() -> dict[str, str]:
    """The addresses of the pages for a lost connection, by what they are for."""
    others = {name: f"{reverse('offline')}?for={name}" for name in OFFLINE_PAGES}
    return others | {"offline": reverse("offline")}


def kept_files() -> list[str]:
    """The addresses of the files that these pages need."""
    return [
        *(static(f"css/{name}.css") for name in STYLES),
        static("js/site.js"),
        static("js/press.js"),
        static("icons.svg"),
        static("favicon.svg"),
        static("fonts/figtree-latin.woff2"),
        static("fonts/bricolage-grotesque-latin.woff2"),
    ]


@cache
def parts() -> str:
    """The parts as one classic script, because some browsers have no module service workers."""
    sources = [(FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in PARTS]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", source)) for source in sources)
