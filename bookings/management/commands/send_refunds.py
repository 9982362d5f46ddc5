from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.payments.models import Refund
from bookings.payments.refunds.queue import send_due
from bookings.payments.states import RefundState

RUN_SECONDS = 60


class Command(BaseCommand):
    help = (
        "Send the refunds that are due to their providers, as Celery beat does every few seconds. "
        "It works for a minute at most. Safe to run at the same time, and again after it was "
        "killed. Exits with 1 if a provider refused a refund or did not answer; what got no answer "
        "is tried again later."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list the refunds that are due")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            due = Refund.objects.filter(state=RefundState.DUE).select_related("payment__order")
            for refund in due.order_by("next_try_at", "pk"):
                order = refund.payment.order
                self.stdout.write(
                    f"{order.booking_reference}  {refund.amount} {order.currency} (minor units)"
                    f"  {refund.payment.provider}  tried {refund.tries} times"
                )
            self.stdout.write(f"{len(due)} refunds are due.")
            return
        done = send_due(seconds=RUN_SECONDS)
        self.stdout.write(
            f"{done.sent} refunds sent, {done.failed} refused, {done.unknown} without an answer."
        )
        if done.failed or done.unknown:
            raise CommandError("Some refunds could not be sent.")
