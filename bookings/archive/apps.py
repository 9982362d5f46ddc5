from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "bookings.archive"
    label = "archive"
    verbose_name = "Archive"

    def ready(self) -> None:
        from bookmyshow.core.db import partitions
        from shows.cinema_money import add_record

        from .services import TABLES, has_bookings_at

        add_record(has_bookings_at)
        for table in TABLES:
            partitions.register(table)
