from django.apps import AppConfig


class WaitingConfig(AppConfig):
    name = "bookings.waiting"
    label = "waiting"
    verbose_name = "Waiting list"
