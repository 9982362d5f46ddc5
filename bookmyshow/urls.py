from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path

from shows.listings.sitemaps import SITEMAPS

from .core.observability.web_vitals import vitals
from .site import well_known_files
from .site.admin_tools import clear_cache
from .site.api import unknown
from .site.api_docs import api_docs
from .site.media import media
from .site.metrics_page import metrics
from .site.service_worker import service_worker
from .site.styleguide import style_page

urlpatterns = [
    # Patterns are tried in order. These come first, because most requests are for them.
    path("", include("shows.seatmap.urls")),
    path("", include("bookings.urls")),
    path("", include("bookings.waiting_list.urls")),
    path("", include("shows.waiting_room.urls")),
    path(f"{settings.ADMIN_PATH}clear-cache/", clear_cache, name="clear_cache"),
    path(f"{settings.ADMIN_PATH}style/", style_page, name="style"),
    path(settings.ADMIN_PATH, include("bookmyshow.site.staff_urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/docs", api_docs, name="api-docs"),
    path("api/", include("bookmyshow.site.api")),
    path("api", unknown),
    path("media/<path:path>", media),
    path("metrics", metrics, name="metrics"),
    path("vitals", vitals, name="vitals"),
    path("", include("shows.listings.urls")),
    path("", include("shows.tell_me.urls")),
    path("", include("movies.posters.urls")),
    path("accounts/", include("accounts.urls")),
    path("robots.txt", well_known_files.robots, name="robots"),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("manifest.webmanifest", well_known_files.manifest, name="manifest"),
    path("sw.js", service_worker, name="service-worker"),
    path("offline/", well_known_files.offline, name="offline"),
]

handler400 = "bookmyshow.site.error_pages.bad_request"
handler500 = "bookmyshow.site.error_pages.server_error"
