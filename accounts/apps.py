from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django_otp.plugins.otp_totp.apps import DefaultConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default = True

    def ready(self) -> None:
        from bookmyshow.core.observability import security_log

        from . import profile_cache
        from .login import devices
        from .staff import sessions as staff_sessions
        from .staff.roles import write_roles

        devices.watch()
        profile_cache.watch()
        security_log.connect_signals()
        staff_sessions.watch()
        post_migrate.connect(write_roles, sender=self, dispatch_uid="roles")


class AuthenticatorAppsConfig(DefaultConfig):
    """django-otp's app under a name that staff read in the admin; its own is Otp_Totp."""

    verbose_name = "Authenticator apps"
