from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Code that uses all apps: commands, the API's root, health checks, demo data and so on."""

    name = "bookmyshow.site"

    def ready(self) -> None:
        from .mail_trial import register_kind

        register_kind()
