from django.apps import AppConfig


class SiteConfig(AppConfig):
    """What spans the apps: commands, the API's root, health, the admin's frame, demo data."""

    name = "bookmyshow.site"
