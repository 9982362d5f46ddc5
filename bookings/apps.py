from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"

    def ready(self) -> None:
        from accounts.export import add_part
        from accounts.guests.services import add_claim

        from . import waiting_mails
        from .export import bookings_of
        from .guests import at_log_in, finding
        from .guests.moving import has_bought
        from .notices.mails import register_kinds
        from .push import kinds as pushes
        from .waiting.services import waits_anywhere

        register_kinds()
        add_part("bookings", bookings_of)
        add_claim(has_bought)
        add_claim(waits_anywhere)
        at_log_in.connect_signals()
        waiting_mails.register_kinds()
        pushes.register_kinds()
        finding.register_kinds()
