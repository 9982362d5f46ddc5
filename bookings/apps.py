from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"

    def ready(self) -> None:
        from accounts.export import add_part

        from .export import bookings_of

        add_part("bookings", bookings_of)
