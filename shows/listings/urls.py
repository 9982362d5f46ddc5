from django.urls import path

from . import views

app_name = "listings"
urlpatterns = [
    path("", views.home, name="home"),
    path("movies/<slug:slug>/", views.film, name="film"),
]
