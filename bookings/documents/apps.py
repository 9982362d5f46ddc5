from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "bookings.documents"
    label = "documents"
    verbose_name = "Invoices"
