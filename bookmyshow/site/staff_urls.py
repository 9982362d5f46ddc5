"""URLs of staff pages under ADMIN_PATH that are not a model's list or form."""

from django.urls import path, reverse_lazy
from django.views.generic import RedirectView

from accounts.privacy import staff_views as privacy_views
from bookings.after_sale import views as after_sale_views
from bookings.dashboard.views import dashboard_page
from bookings.documents import staff_views as document_views
from bookings.mails import views as mail_views
from bookings.show_changes import views as show_change_views
from bookmyshow.core.staff.csv_export import export
from shows.schedule import recompute_views
from shows.schedule import views as staff_views
from shows.seating import views as plan_views
from shows.waiting_room import staff_views as on_sale_views

urlpatterns = [
    # Replaces the admin's own page, which checks passwords without a rate limit.
    path("password_change/", RedirectView.as_view(url=reverse_lazy("accounts:password"))),
    path(
        "accounts/user/<int:user_id>/export-data/",
        privacy_views.export,
        name="staff-export-person",
    ),
    path(
        "accounts/user/<int:user_id>/anonymise/",
        privacy_views.anonymise,
        name="staff-anonymise-person",
    ),
    path("dashboard/", dashboard_page, name="staff-dashboard"),
    path("export/<slug:app>/<slug:model>/", export, name="staff-export"),
    path("documents/journal/", document_views.journal_page, name="staff-journal"),
    path("documents/<int:document_id>.pdf", document_views.document_pdf, name="staff-document-pdf"),
    path("shows/show/plan/", staff_views.planner, name="staff-planner"),
    path("shows/show/recompute/", recompute_views.recompute_shows, name="staff-recompute"),
    path("on-sale/", on_sale_views.on_sale, name="staff-on-sale"),
    path("on-sale/<int:on_sale_id>/switch/", on_sale_views.switch, name="staff-on-sale-switch"),
    path("on-sale/<int:on_sale_id>/pace/", on_sale_views.pace, name="staff-on-sale-pace"),
    path("shows/screen/picture/", plan_views.picture, name="staff-plan-picture"),
    path("shows/screen/<int:screen_id>/import/", plan_views.import_plan, name="staff-import-plan"),
    path("shows/show/day/", staff_views.day, name="staff-day"),
    path("shows/show/<int:show_id>/cancel/", show_change_views.cancel, name="staff-cancel-show"),
    path("shows/show/<int:show_id>/move/", show_change_views.move, name="staff-move-show"),
    path("shows/show/<int:show_id>/refunds/", show_change_views.refunds, name="staff-show-refunds"),
    path(
        "bookings/booking/<int:booking_id>/cancel/",
        after_sale_views.cancel,
        name="staff-cancel-booking",
    ),
    path(
        "bookings/booking/<int:booking_id>/send-again/",
        mail_views.again_for_customer,
        name="staff-send-again",
    ),
    path(
        "payments/order/<int:order_id>/refund/", after_sale_views.refund, name="staff-refund-order"
    ),
]
