from django.apps import AppConfig


class CounterConfig(AppConfig):
    name = "bookings.counter"
    label = "counter"
    verbose_name = "Counter"
