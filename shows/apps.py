from django.apps import AppConfig


class ShowsConfig(AppConfig):
    name = "shows"

    def ready(self) -> None:
        from .listings.home_lists import watch, watch_catalogue
        from .models import Cinema, Screen, Show
        from .seatmap import show_cache

        # What is on decides which films are listed, and a cinema's city and clock under which day;
        # lists of shows name their screens.
        watch(Cinema, Screen, Show)
        watch_catalogue()
        show_cache.watch()
