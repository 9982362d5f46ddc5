from django.apps import AppConfig


class ShowsConfig(AppConfig):
    name = "shows"

    def ready(self) -> None:
        from .listings import home_lists
        from .models import Cinema, Screen, Show
        from .seatmap import show_cache

        # The cached lists contain data of shows, of their cinemas (name, city, time zone) and of
        # their screens (name).
        home_lists.forget_on_change(Cinema, Screen, Show)
        home_lists.connect_signals()
        show_cache.connect_signals()
