from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django_otp.plugins.otp_totp.apps import DefaultConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default = True

    def ready(self) -> None:
        from bookmyshow.core.observability import security_log

        from . import profile_cache
        from .email import mails
        from .login import devices
        from .staff import sessions as staff_sessions
        from .staff.roles import write_roles

        mails.register_kinds()
        devices.connect_signals()
        profile_cache.connect_signals()
        security_log.connect_signals()
        staff_sessions.connect_signals()
        post_migrate.connect(write_roles, sender=self, dispatch_uid="roles")


class AuthenticatorAppsConfig(DefaultConfig):
    """django-otp's app with a readable name in the admin, in place of "Otp_Totp"."""

    verbose_name = "Authenticator apps"
