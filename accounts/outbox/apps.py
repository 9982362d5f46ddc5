from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "accounts.outbox"
    label = "outbox"
    default = True

    def ready(self) -> None:
        from accounts.export import add_part
        from bookmyshow.core.db import partitions

        from .export import messages_of
        from .mail import MailSender
        from .models import Channel
        from .partitions import MESSAGES
        from .registry import register_sender

        partitions.register(MESSAGES)
        register_sender(Channel.MAIL, MailSender)
        add_part("messages", messages_of)
