from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import devices, profiles, security_log, staff_sessions
        from .roles import write_roles

        devices.watch()
        profiles.watch()
        security_log.watch()
        staff_sessions.watch()
        post_migrate.connect(write_roles, sender=self, dispatch_uid="roles")
