"""Invoices and credit notes, and the series that number them (docs/payments.md).

A document has everything copied in, so it stays the same whatever happens to the booking, the
cinema or the tax rules. A trigger refuses every change and every deletion (migration 0002).
"""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from bookings.payments.models import Payment, Refund
from bookmyshow.core.db.in_show import ForeignKeyInShow, OneToOneInShow
from shows.models import Cinema, Show

from .numbers import LONGEST, LONGEST_PREFIX


class Kind(models.TextChoices):
    INVOICE = "INVOICE", "Invoice"
    CREDIT_NOTE = "CREDIT NOTE", "Credit note"


class DocumentSeries(models.Model):
    """The invoices, or the credit notes, of one cinema: numbered 1, 2, 3 … in each financial year.

    Its row is locked while numbers are given.
    """

    cinema = models.ForeignKey(Cinema, on_delete=models.PROTECT, related_name="document_series")
    kind = models.CharField(max_length=11, choices=Kind)
    prefix = models.CharField(
        max_length=LONGEST_PREFIX,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9]+\Z", "Write capital letters and digits only.")],
        help_text="The first characters of each number: MUM1 of MUM1/26-27/00042.",
    )
    year_begins = models.PositiveSmallIntegerField(
        "financial year begins in month",
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text="4 is April, as in India. Numbers begin with 1 in each financial year.",
    )

    class Meta:
        ordering = ("cinema", "-kind")
        verbose_name_plural = "document series"
        constraints = (
            models.UniqueConstraint(fields=("cinema", "kind"), name="series_one_per_kind"),
            models.CheckConstraint(
                condition=Q(year_begins__gte=1, year_begins__lte=12), name="series_month_known"
            ),
            models.CheckConstraint(
                condition=Q(prefix__regex=r"^[A-Z0-9]{1,4}$"), name="series_prefix_form"
            ),
        )

    def __str__(self) -> str:
        return f"{self.prefix}: {self.get_kind_display().lower()}s of {self.cinema}"


class TaxDocumentQuerySet(models.QuerySet["TaxDocument"]):
    def of_payments(self, payments: Iterable[int]) -> "TaxDocumentQuerySet":
        """The documents about these payments, with the invoices they refer to, in order."""
        found = self.filter(payment__in=[*payments]).select_related("refers_to")
        return found.order_by("issued_at", "pk")


class TaxDocument(models.Model):
    """An invoice for a captured payment, or a credit note for a refund. Money is in minor units.

    `lines` has for each line: line (the order line's id), kind, text, seat, quantity, unit, gross,
    net, tax, basis_points, code, name, components. `rates` sums them up for each rate of tax, with
    the `components` of its tax. The totals are the sums of both.
    """

    Kind = Kind

    series = models.ForeignKey(DocumentSeries, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=11, choices=Kind)
    financial_year = models.CharField(max_length=5)
    number = models.PositiveIntegerField()
    code = models.CharField("number", max_length=LONGEST, unique=True)
    date = models.DateField(help_text="The day of the payment or refund, at the cinema.")
    issued_at = models.DateTimeField(help_text="When it got its number.")
    # The document belongs to its series, not to its show: numbers have no gaps over all shows.
    show = models.ForeignKey(
        Show, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    payment = ForeignKeyInShow(Payment, on_delete=models.PROTECT, related_name="documents")
    refund = OneToOneInShow(
        Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="document"
    )
    refers_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="credit_notes"
    )
    cinema = models.ForeignKey(Cinema, on_delete=models.PROTECT, related_name="documents")

    seller_name = models.CharField(max_length=200)
    seller_tax_number = models.CharField(max_length=32, blank=True)
    seller_address = models.CharField(max_length=400)
    place_of_supply = models.CharField(max_length=6, blank=True)
    buyer_name = models.CharField(max_length=200, blank=True)
    buyer_email = models.EmailField(max_length=254)
    order_reference = models.CharField(max_length=15, db_collation="C")
    booking_reference = models.CharField(max_length=15, db_collation="C")
    film = models.CharField(max_length=200)
    cinema_name = models.CharField(max_length=120)
    screen_name = models.CharField(max_length=80)
    starts_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    paid_by = models.CharField(max_length=20, help_text="cash, card, other, or the provider.")

    currency = models.CharField(max_length=3)
    lines = models.JSONField()
    rates = models.JSONField()
    net = models.BigIntegerField("taxable value")
    tax = models.BigIntegerField()
    gross = models.BigIntegerField("total")

    objects = TaxDocumentQuerySet.as_manager()

    class Meta:
        ordering = ("-issued_at", "-pk")
        verbose_name = "invoice or credit note"
        verbose_name_plural = "invoices and credit notes"
        permissions = (("export_journal", "Can export journal lines for the accountant"),)
        constraints = (
            models.UniqueConstraint(
                fields=("series", "financial_year", "number"), name="document_number_once"
            ),
            models.UniqueConstraint(
                fields=("payment",),
                condition=Q(kind=Kind.INVOICE),
                name="document_one_invoice_per_payment",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="document_number_positive"),
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax")), name="document_net_and_tax"
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.INVOICE, refund=None, refers_to=None)
                | Q(kind=Kind.CREDIT_NOTE, refund__isnull=False, refers_to__isnull=False),
                name="document_credit_note_refers",
            ),
        )
        indexes = (
            models.Index(fields=("issued_at",), name="document_issued_at"),
            models.Index(fields=("date", "cinema"), name="document_date"),
            models.Index(fields=("booking_reference",), name="document_of_booking"),
        )

    def __str__(self) -> str:
        return self.code

    @property
    def zone(self) -> ZoneInfo:
        """The cinema's time zone when the document was written."""
        return ZoneInfo(self.time_zone)

    @property
    def is_credit_note(self) -> bool:
        return self.kind == Kind.CREDIT_NOTE

    def give_number(self, *, series: DocumentSeries, year: str, number: int, code: str) -> None:
        """Give it its number, before it is saved. Raises ValueError if it has one already."""
        if self.code:
            raise ValueError(f"{self.code} keeps its number")
        self.series, self.financial_year, self.number, self.code = series, year, number, code
