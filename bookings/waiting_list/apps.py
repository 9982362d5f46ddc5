from django.apps import AppConfig


class WaitingConfig(AppConfig):
    name = "bookings.waiting_list"
    label = "waiting"
    verbose_name = "Waiting list"
