from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"

    def ready(self) -> None:
        from accounts.export import add_part
        from accounts.guests.services import add_use
        from accounts.privacy.parts import forget_with, leave_with, refuse_while

        from . import privacy
        from .documents.export import documents_of
        from .export import bookings_of
        from .guests import at_log_in, finding
        from .guests.moving import has_bought
        from .mails.registration import register_kinds
        from .payments.privacy import forget_orders, money_under_way, orders_of
        from .push import kinds as pushes
        from .waiting_list.privacy import end_places, leave_all_lines, places_of
        from .waiting_list.services import waits_anywhere

        register_kinds()
        add_part("bookings", bookings_of)
        add_part("orders", orders_of)
        add_part("invoices", documents_of)
        add_part("waitingLists", places_of)
        leave_with(leave_all_lines)
        forget_with(forget_orders)
        forget_with(end_places)
        refuse_while(privacy.coming_bookings)
        refuse_while(money_under_way)
        add_use(has_bought)
        add_use(waits_anywhere)
        at_log_in.connect_signals()
        pushes.register_kinds()
        finding.register_kinds()
