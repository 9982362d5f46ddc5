from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "accounts.outbox"
    label = "outbox"
    default = True

    def ready(self) -> None:
        from .mail import MailSender
        from .models import Channel
        from .registry import register_sender

        register_sender(Channel.MAIL, MailSender)
