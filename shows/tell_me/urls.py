from django.urls import path

from . import views

app_name = "tell_me"
urlpatterns = [
    path("movies/<slug:slug>/tell-me/", views.ask, name="ask"),
    path("tell-me/", views.waiting, name="waiting"),
    path("tell-me/confirm/<str:token>/", views.confirm, name="confirm"),
    path("tell-me/stop/<str:token>/", views.stop, name="stop"),
]
