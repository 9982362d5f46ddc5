"""The admin of documents: a read-only list with search, PDF and CSV; and of their series."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.search import MAX_PEOPLE, ids_of_people
from bookmyshow.core.currencies import from_minor
from bookmyshow.core.staff.bounded_changelist import LongListAdmin, period_filter
from bookmyshow.core.staff.csv_export import Columns

from .amounts import figure
from .models import DocumentSeries, TaxDocument
from .places import place_name


def _exported(name: str) -> Any:
    """The column with this amount, in the currency."""
    return lambda document: from_minor(getattr(document, name), document.currency)


@admin.register(TaxDocument)
class TaxDocumentAdmin(LongListAdmin):
    """Nothing can be added, changed or deleted here: documents come from payments and refunds."""

    list_display = ("code", "kind", "date", "cinema_name", "booking_reference", "amount", "pdf")
    list_filter = (
        "kind",
        period_filter("issued_at", "issued", zone="time_zone"),
        "cinema",
        "currency",
        "paid_by",
    )
    search_fields = ("code",)
    search_help_text = "A number, the reference of a booking, or the buyer's name, email or phone."
    export_columns: Columns = {
        "number": "code",
        "kind": "get_kind_display",
        "date": "date",
        "for_invoice": lambda document: document.refers_to.code if document.refers_to else "",
        "cinema": "cinema_name",
        "seller": "seller_name",
        "seller_tax_number": "seller_tax_number",
        "place_of_supply": "place_of_supply",
        "buyer": "buyer_name",
        "email": "buyer_email",
        "booking": "booking_reference",
        "order": "order_reference",
        "paid_by": "paid_by",
        "currency": "currency",
        "taxable_value": _exported("net"),
        "tax": _exported("tax"),
        "total": _exported("gross"),
        "issued_at": "issued_at",
    }
    change_list_template = "admin/documents/taxdocument/change_list.html"
    facts = (
        ("code", "kind", "date", "issued_at", "refers_to", "pdf"),
        ("seller_name", "seller_tax_number", "seller_address", "place"),
        ("buyer_name", "buyer_email", "booking_reference", "order_reference"),
        ("film", "cinema_name", "screen_name", "starts_at"),
        ("rows", "taxes", "net_amount", "tax_amount", "amount", "paid_by"),
    )

    def get_fieldsets(self, request: HttpRequest, obj: TaxDocument | None = None) -> Any:
        heads = ("Document", "Seller", "Buyer", "Show", "Amounts")
        return [(head, {"fields": fields}) for head, fields in zip(heads, self.facts, strict=True)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxDocument]:
        return super().get_queryset(request).select_related("refers_to")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By number or reference, otherwise by buyer. Each has an index."""
        typed = search_term.strip()
        if not typed:
            return queryset, False
        exact = queryset.filter(Q(code=typed.upper()) | Q(booking_reference=typed.upper()))
        if exact.exists():
            return exact, False
        people = ids_of_people(typed)
        if len(people) > MAX_PEOPLE:
            words = f"Many people match: of {MAX_PEOPLE} of them. Type more of the name."
            self.message_user(request, words, messages.WARNING)
        return queryset.filter(payment__order__user__in=people[:MAX_PEOPLE]), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: TaxDocument | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TaxDocument | None = None) -> bool:
        return False

    @admin.display(description="total", ordering="gross")
    def amount(self, document: TaxDocument) -> str:
        return _money(document.gross, document)

    @admin.display(description="taxable value")
    def net_amount(self, document: TaxDocument) -> str:
        return _money(document.net, document)

    @admin.display(description="tax")
    def tax_amount(self, document: TaxDocument) -> str:
        return _money(document.tax, document)

    @admin.display(description="place of supply")
    def place(self, document: TaxDocument) -> str:
        return place_name(document.place_of_supply) or "–"

    @admin.display(description="lines")
    def rows(self, document: TaxDocument) -> str:
        return "; ".join(
            f"{line['text']}: {figure(line['gross'], document.currency)}" for line in document.lines
        )

    @admin.display(description="tax by rate")
    def taxes(self, document: TaxDocument) -> str:
        return "; ".join(
            f"{part['name'] or 'Tax'} {part['basis_points'] / 100:g} %:"
            f" {figure(part['tax'], document.currency)}"
            for rate in document.rates
            for part in rate["components"]
        )

    @admin.display(description="PDF")
    def pdf(self, document: TaxDocument) -> SafeString:
        address = reverse("staff-document-pdf", args=[document.pk])
        return format_html('<a href="{}">PDF</a>', address)


def _money(minor: int, document: TaxDocument) -> str:
    return f"{document.currency}\N{NO-BREAK SPACE}{figure(minor, document.currency)}"


@admin.register(DocumentSeries)
class DocumentSeriesAdmin(admin.ModelAdmin):
    """A series is created with the first document of a cinema. Its prefix can be chosen before, and
    stays once a number was given."""

    list_display = ("prefix", "kind", "cinema", "year_begins")
    list_filter = ("kind", "cinema")
    list_select_related = ("cinema",)
    fields = ("cinema", "kind", "prefix", "year_begins")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DocumentSeries]:
        documents = TaxDocument.objects.filter(series=OuterRef("pk"))
        return super().get_queryset(request).annotate(is_used=Exists(documents))

    def get_readonly_fields(
        self, request: HttpRequest, obj: DocumentSeries | None = None
    ) -> tuple[str, ...]:
        return self.fields if obj is not None and getattr(obj, "is_used", True) else ()

    def has_delete_permission(
        self, request: HttpRequest, obj: DocumentSeries | None = None
    ) -> bool:
        return False
