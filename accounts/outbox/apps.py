from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "accounts.outbox"
    label = "outbox"
    default = True
