from django.urls import path

from . import views

app_name = "posters"
urlpatterns = [
    path("movies/<slug:slug>/poster.svg", views.poster, name="poster"),
    path("movies/<slug:slug>/poster-<int:width>.webp", views.poster_webp, name="poster-webp"),
    path("movies/<slug:slug>/backdrop.svg", views.backdrop, name="backdrop"),
    path("movies/<slug:slug>/card.png", views.card, name="card"),
]
