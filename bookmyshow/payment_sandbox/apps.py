from django.apps import AppConfig


class PaymentSandboxConfig(AppConfig):
    name = "bookmyshow.payment_sandbox"
    label = "payment_sandbox"
    default_auto_field = "django.db.models.BigAutoField"
