from django.urls import path

from . import views

app_name = "shows"

urlpatterns = [
    path("shows/<int:show_id>/", views.show, name="show"),
    path("shows/<int:show_id>/seats/", views.seats, name="seats"),
    path("shows/<int:show_id>/own/", views.own, name="own"),
]
