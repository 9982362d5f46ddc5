from django.apps import AppConfig


class ShowsConfig(AppConfig):
    name = "shows"

    def ready(self) -> None:
        from movies.lists import watch

        from . import details
        from .models import Cinema, Screen, Show

        # What is on decides which films are listed, and a cinema's city and clock under which day;
        # lists of shows name their screens.
        watch(Cinema, Screen, Show)
        details.watch()
