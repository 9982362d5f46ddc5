from django.apps import AppConfig


class ShowsConfig(AppConfig):
    name = "shows"

    def ready(self) -> None:
        from movies.lists import watch

        from . import details
        from .models import Cinema, Show

        # What is on decides which films are listed, and a cinema's city and clock under which day.
        watch(Cinema, Show)
        details.watch()
