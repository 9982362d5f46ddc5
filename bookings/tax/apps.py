from django.apps import AppConfig


class TaxConfig(AppConfig):
    name = "bookings.tax"
    label = "tax"
    verbose_name = "Tax"
