from django.apps import AppConfig


class MoviesConfig(AppConfig):
    name = "movies"

    def ready(self) -> None:
        from .lists import watch_catalogue

        watch_catalogue()
