from django.apps import AppConfig


class PushConfig(AppConfig):
    name = "accounts.push"
    label = "push"
    default = True

    def ready(self) -> None:
        from accounts.export import add_part
        from accounts.outbox.models import Channel
        from accounts.outbox.registry import register_sender

        from . import browsers
        from .sending import PushSender
        from .services import subscriptions_of

        add_part("pushSubscriptions", subscriptions_of)
        browsers.connect_signals()
        register_sender(Channel.PUSH, PushSender)
