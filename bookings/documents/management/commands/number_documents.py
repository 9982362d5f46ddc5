from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bookings.documents.numbering import Look, number_documents
from bookings.documents.pending import pending_payments, pending_refunds


class Command(BaseCommand):
    help = (
        "Write and number the invoices and credit notes that are missing, as Celery beat does every"
        " few seconds. Looks at all payments and refunds. Safe to run at the same time, and again"
        " after it was killed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["dry_run"]:
            done = number_documents(Look.EVERYTHING)
            self.stdout.write(f"{done} documents numbered.")
        invoices, notes = pending_payments().count(), pending_refunds().count()
        self.stdout.write(f"{invoices} invoices and {notes} credit notes are missing.")
