from django.apps import AppConfig


class ShowsConfig(AppConfig):
    name = "shows"

    def ready(self) -> None:
        from .listings import home_lists
        from .models import Cinema, Screen, Show
        from .seatmap import show_cache

        # The lists depend on the shows, on the city and time zone of their cinemas, and on the
        # names of their screens.
        home_lists.forget_on_change(Cinema, Screen, Show)
        home_lists.connect_signals()
        show_cache.connect_signals()
