from django.contrib import admin
from django.urls import include, path

from .api import unknown

urlpatterns = [
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
