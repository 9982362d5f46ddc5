from django.contrib import admin
from django.urls import include, path

from .admin_tools import clear_cache
from .api import unknown

urlpatterns = [
    path("admin/clear-cache/", clear_cache, name="clear_cache"),
    path("admin/", admin.site.urls),
    path("api/", include("bookmyshow.api")),
    path("api", unknown),
    path("", include("movies.urls")),
    path("accounts/", include("accounts.urls")),
    path("", include("shows.urls")),
    path("", include("bookings.urls")),
]

handler400 = "bookmyshow.faults.bad_request"
handler500 = "bookmyshow.faults.server_error"
