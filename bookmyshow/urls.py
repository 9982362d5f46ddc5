from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path

from movies.sitemaps import SITEMAPS

from . import site_files
from .admin_tools import clear_cache
from .api import unknown
from .api_docs import api_docs
from .media import media
from .styleguide import style_page
from .watching.exposition import metrics
from .watching.vitals import vitals

urlpatterns = [
    # Patterns are tried in turn, and on opening night nearly all that comes is for these.
    path("", include("shows.urls")),
    path("", include("bookings.urls")),
    path(f"{settings.ADMIN_PATH}clear-cache/", clear_cache, name="clear_cache"),
    path(f"{settings.ADMIN_PATH}style/", style_page, name="style"),
    path(settings.ADMIN_PATH, include("bookmyshow.staff_urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/docs", api_docs, name="api-docs"),
    path("api/", include("bookmyshow.api")),
    path("api", unknown),
    path("media/<path:path>", media),
    path("metrics", metrics, name="metrics"),
    path("vitals", vitals, name="vitals"),
    path("", include("movies.urls")),
    path("accounts/", include("accounts.urls")),
    path("robots.txt", site_files.robots, name="robots"),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("manifest.webmanifest", site_files.manifest, name="manifest"),
    path("sw.js", site_files.service_worker, name="service-worker"),
    path("offline/", site_files.offline, name="offline"),
]

handler400 = "bookmyshow.faults.bad_request"
handler500 = "bookmyshow.faults.server_error"
