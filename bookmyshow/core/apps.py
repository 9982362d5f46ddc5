from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Code that all apps share. At the start it connects the metrics of statements and tasks."""

    name = "bookmyshow.core"

    def ready(self) -> None:
        from .observability.celery_signals import watch_tasks
        from .observability.query_metrics import watch_statements

        watch_statements()
        watch_tasks()
