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

from bookmyshow.environment import ROOT

FOLDER = ROOT / "static/js/sw"
# In this order, in one script: each part stands after those that it imports.
PARTS = ("answers", "events")
OFFLINE_STYLES = ("tokens", "base", "controls", "components", "frame", "errors")
IMPORT = re.compile(r"^import\b[^;]*;\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=const |let |function |async |class )", re.MULTILINE)


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It is served at /sw.js, because it controls only pages below its path."""
    kept = kept_files()
    seen = "".join([*kept, render_to_string("site/offline.html")])
    version = hashlib.blake2b(seen.encode(), digest_size=6).hexdigest()
    site = json.dumps({"kept": kept, "version": version})
    return HttpResponse(
        f'"use strict";\nself.SITE = {site};\n{parts()}',
        content_type="text/javascript; charset=utf-8",
    )


def kept_files() -> list[str]:
    """The addresses of the offline page and its files. The page is the first."""
    return [
        reverse("offline"),
        *(static(f"css/{name}.css") for name in OFFLINE_STYLES),
        static("js/site.js"),
        static("favicon.svg"),
        static("fonts/figtree-latin.woff2"),
        static("fonts/bricolage-grotesque-latin.woff2"),
    ]


@cache
def parts() -> str:
    """The parts as one classic script, because some browsers have no module service workers."""
    sources = [(FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in PARTS]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", source)) for source in sources)
