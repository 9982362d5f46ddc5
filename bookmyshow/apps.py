from django.apps import AppConfig


class BookMyShowConfig(AppConfig):
    """The project itself as an app: commands and template tags that span the other apps."""

    name = "bookmyshow"

    def ready(self) -> None:
        from .watching.database import watch_statements
        from .watching.worker import watch_tasks

        watch_statements()
        watch_tasks()
