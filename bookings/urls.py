from django.urls import path, register_converter

from . import views
from .converters import ReferenceConverter
from .door import views as door_views
from .payments import webhook_views
from .tickets import views as ticket_views

register_converter(ReferenceConverter, "reference")

app_name = "bookings"

urlpatterns = [
    path("shows/<int:show_id>/hold/", views.hold, name="hold"),
    path("door/", door_views.shows, name="door"),
    path("door/<int:show_id>/", door_views.check, name="door-show"),
    path("door/<int:show_id>/undo/", door_views.undo, name="door-undo"),
    path("door/<int:show_id>/count/", door_views.count, name="door-count"),
    path("bookings/", views.bookings, name="list"),
    path("bookings/<reference:reference>/", views.booking, name="booking"),
    path("bookings/<reference:reference>/clock/", views.clock, name="clock"),
    path("bookings/<reference:reference>/confirm/", views.confirm, name="confirm"),
    path("bookings/<reference:reference>/release/", views.release, name="release"),
    path("bookings/<reference:reference>/cancel/", views.cancel, name="cancel"),
    path("bookings/<reference:reference>/ticket.pdf", ticket_views.pdf, name="pdf"),
    path("bookings/<reference:reference>/ticket.ics", ticket_views.ics, name="ics"),
    path("bookings/<reference:reference>/qr.svg", ticket_views.qr, name="qr"),
    path("bookings/<reference:reference>/share/", ticket_views.share, name="share"),
    path("payments/razorpay/return/", webhook_views.razorpay_return, name="razorpay-return"),
    path("payments/<slug:provider_code>/events/", webhook_views.events, name="payment-events"),
    path("shared/<str:token>/", ticket_views.shared, name="shared"),
]
