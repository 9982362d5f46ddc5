from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Code that all apps share. When Django starts, it connects the metrics of SQL and of tasks."""

    name = "bookmyshow.core"

    def ready(self) -> None:
        from .observability.celery_signals import connect_task_signals
        from .observability.query_metrics import time_all_statements

        time_all_statements()
        connect_task_signals()
