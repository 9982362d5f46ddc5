from django.urls import path

from . import views

app_name = "waiting"

urlpatterns = [
    path("shows/<int:show_id>/waiting/", views.panel, name="panel"),
    path("shows/<int:show_id>/waiting/join/", views.join, name="join"),
    path("waiting/<int:entry_id>/leave/", views.leave, name="leave"),
    path("waiting/confirm/<str:token>/", views.confirm, name="confirm"),
    path("waiting/place/<str:token>/", views.place, name="place"),
]
