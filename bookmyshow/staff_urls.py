"""Staff pages under the admin's address that are no model's list or form."""

from django.urls import path

from bookings import show_change_views
from shows import staff_views

urlpatterns = [
    path("shows/show/plan/", staff_views.planner, name="staff-planner"),
    path("shows/show/day/", staff_views.day, name="staff-day"),
    path("shows/show/<int:show_id>/cancel/", show_change_views.cancel, name="staff-cancel-show"),
    path("shows/show/<int:show_id>/move/", show_change_views.move, name="staff-move-show"),
]
