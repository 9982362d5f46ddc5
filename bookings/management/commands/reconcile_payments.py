from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from bookings.payments.models import Payment
from bookings.payments.reconciling.reconciler import reconcile
from bookings.payments.reconciling.undecided_payments import claim_next, look_again_now, look_at
from bookmyshow.core.time import database_now


class Command(BaseCommand):
    help = (
        "Look at the payments and events that are due, as Celery beat does every few seconds. "
        "Safe to run at the same time, and again after it was killed. With --order or --payment, "
        "ask the provider about these payments now, whatever their state. Exits with 1 if a "
        "provider gave no answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list the payments that are due")
        parser.add_argument("--order", help="an order's reference (BMO…) or a booking's (BMV…)")
        parser.add_argument("--payment", help="a payment's uuid, or the provider's id of it")

    def handle(
        self, *, dry_run: bool, order: str | None, payment: str | None, **_options: Any
    ) -> None:
        if order or payment:
            self._look_at(self._named(order, payment))
            return
        if dry_run:
            due = Payment.objects.to_check(at=database_now()).select_related("order")
            for found in due:
                self.stdout.write(f"{_words(found)}, looked at {found.checks} times")
            self.stdout.write(f"{len(due)} payments are due.")
            return
        done = reconcile()
        self.stdout.write(
            f"{done.payments} payments looked at, {done.unknown} without an answer; "
            f"{done.events} events handled."
        )
        if done.unknown:
            raise CommandError("A provider gave no answer; these payments are tried again later.")

    def _named(self, order: str | None, payment: str | None) -> list[Payment]:
        online = Payment.objects.exclude(provider="counter").select_related("order")
        if order:
            found = online.filter(
                Q(order__reference=order) | Q(order__booking_reference=order)
            ).order_by("pk")
        else:
            found = online.filter(Q(reference=payment) | Q(charge=payment))
            if payment and not found:
                with suppress(ValidationError):  # Not a uuid either.
                    found = online.filter(uuid=payment)
        if not found:
            raise CommandError("There is no online payment with this name.")
        return list(found)

    def _look_at(self, payments: list[Payment]) -> None:
        unknown = 0
        look_again_now(Q(pk__in=[payment.pk for payment in payments]))
        for payment in payments:
            if claimed := claim_next(payment.pk):
                unknown += not look_at(claimed)
            payment.refresh_from_db()
            self.stdout.write(_words(payment))
        self.stdout.write(f"{len(payments)} payments looked at, {unknown} without an answer.")
        if unknown:
            raise CommandError("A provider gave no answer; these payments are tried again later.")


def _words(payment: Payment) -> str:
    why = payment.review or payment.last_error
    words = f"{payment.uuid}  {payment.order.reference}  {payment.provider}  {payment.state}"
    return f"{words}  ({why})" if why else words
