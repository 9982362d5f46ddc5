from django.apps import AppConfig


class BookMyShowConfig(AppConfig):
    """The project itself as an app: commands and template tags that span the other apps."""

    name = "bookmyshow"
