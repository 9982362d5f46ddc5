from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "bookings.archive"
    label = "archive"
    verbose_name = "Archive"
