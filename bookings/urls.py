from django.urls import path, register_converter

from . import views
from .converters import ReferenceConverter

register_converter(ReferenceConverter, "reference")

app_name = "bookings"

urlpatterns = [
    path("shows/<int:show_id>/hold/", views.hold, name="hold"),
    path("bookings/", views.bookings, name="list"),
    path("bookings/<reference:reference>/", views.booking, name="booking"),
    path("bookings/<reference:reference>/clock/", views.clock, name="clock"),
    path("bookings/<reference:reference>/confirm/", views.confirm, name="confirm"),
    path("bookings/<reference:reference>/release/", views.release, name="release"),
    path("bookings/<reference:reference>/cancel/", views.cancel, name="cancel"),
]
