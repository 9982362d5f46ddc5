from django.urls import path

from . import views

app_name = "waiting_room"

urlpatterns = [
    path("waiting-room/<int:on_sale_id>/", views.room, name="room"),
    path("waiting-room/<int:on_sale_id>/state.json", views.state, name="state"),
    path("waiting-room/<int:on_sale_id>/place/", views.place, name="place"),
    path("waiting-room/<int:on_sale_id>/join/", views.join, name="join"),
    path("waiting-room/<int:on_sale_id>/enter/", views.enter, name="enter"),
]
