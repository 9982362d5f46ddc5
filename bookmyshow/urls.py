from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("movies.urls")),
    path("accounts/", include("accounts.urls")),
    path("", include("shows.urls")),
    path("", include("bookings.urls")),
]

handler400 = "bookmyshow.faults.bad_request"
handler500 = "bookmyshow.faults.server_error"
