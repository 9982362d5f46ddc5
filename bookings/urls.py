from django.urls import path, register_converter

from . import views
from .converters import ReferenceConverter
from .counter import cash_up_views
from .counter import views as counter_views
from .documents import views as document_views
from .door import views as door_views
from .guests import views as guest_views
from .mails import views as mail_views
from .offline import views as offline_views
from .payments.checkout import views as payment_views
from .payments.webhooks import views as webhook_views
from .tickets import views as ticket_views
from .wallet import views as wallet_views

register_converter(ReferenceConverter, "reference")

app_name = "bookings"

urlpatterns = [
    path("shows/<int:show_id>/hold/", views.hold, name="hold"),
    path("door/", door_views.shows, name="door"),
    path("door/<int:show_id>/", door_views.check, name="door-show"),
    path("door/<int:show_id>/let-in/", door_views.let_in, name="door-let-in"),
    path("door/<int:show_id>/undo/", door_views.undo, name="door-undo"),
    path("door/<int:show_id>/count/", door_views.count, name="door-count"),
    path("counter/", counter_views.home, name="counter"),
    path("counter/<reference:reference>/", counter_views.booking, name="counter-booking"),
    path("counter/<reference:reference>/take/", counter_views.take, name="counter-take"),
    path("counter/payments/<uuid:payment_id>/undo/", counter_views.undo, name="counter-undo"),
    path("counter/refunds/", counter_views.refunds, name="counter-refunds"),
    path(
        "counter/refunds/<uuid:refund_id>/handed-back/",
        counter_views.hand_back,
        name="counter-hand-back",
    ),
    path("counter/cash-up/", cash_up_views.cash_up, name="counter-cash-up"),
    path("counter/cash-up/csv/", cash_up_views.as_csv, name="counter-cash-up-csv"),
    path("bookings/", views.bookings, name="list"),
    path("bookings/to-save/", offline_views.listing, name="offline-list"),
    path("bookings/find/", guest_views.find, name="find"),
    path("bookings/find/sent/", guest_views.find_sent, name="find-sent"),
    path("bookings/claim/", guest_views.claim_bookings, name="claim"),
    path("bookings/guest/forget/", guest_views.forget, name="forget"),
    path("bookings/guest/check/<slug:field>/", guest_views.check_field, name="guest-check"),
    path("bookings/guest/<str:token>/", guest_views.link, name="guest-link"),
    path("bookings/<reference:reference>/", views.booking, name="booking"),
    path("bookings/<reference:reference>/clock/", views.clock, name="clock"),
    path("bookings/<reference:reference>/confirm/", views.confirm, name="confirm"),
    path("bookings/<reference:reference>/check-out/", views.check_out, name="check-out"),
    path("bookings/<reference:reference>/release/", views.release, name="release"),
    path("bookings/<reference:reference>/cancel/", views.cancel, name="cancel"),
    path("bookings/<reference:reference>/pay/", payment_views.pay, name="pay"),
    path("bookings/<reference:reference>/payment/", payment_views.stage, name="payment-stage"),
    path(
        "bookings/<reference:reference>/payments/<uuid:uuid>/return",
        payment_views.come_back,
        name="payment-return",
    ),
    path("bookings/<reference:reference>/saved/", offline_views.saved, name="saved"),
    path("bookings/<reference:reference>/ticket.pdf", ticket_views.pdf, name="pdf"),
    path("bookings/<reference:reference>/ticket.ics", ticket_views.ics, name="ics"),
    path("bookings/<reference:reference>/ticket.pkpass", wallet_views.apple, name="apple-pass"),
    path(
        "bookings/<reference:reference>/google-wallet/", wallet_views.google, name="google-wallet"
    ),
    path("bookings/<reference:reference>/qr.svg", ticket_views.qr, name="qr"),
    path("bookings/<reference:reference>/receipt.pdf", document_views.receipt, name="receipt"),
    path("bookings/<reference:reference>/send-again/", mail_views.again, name="send-again"),
    path("bookings/<reference:reference>/share/", ticket_views.share, name="share"),
    path("payments/razorpay/return/", webhook_views.razorpay_return, name="razorpay-return"),
    path("payments/<slug:provider_code>/events/", webhook_views.events, name="payment-events"),
    path("shared/<str:token>/", ticket_views.shared, name="shared"),
]
