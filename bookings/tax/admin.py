"""The admin of tax rules. Every change is in the audit log (Django's history)."""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from bookmyshow.core.staff.access import ActionsInOneTransaction
from bookmyshow.core.staff.csv_export import Columns

from .errors import TaxRuleOverlaps
from .forms import TaxRuleForm
from .models import TaxRule, percent
from .services import delete_rule, save_rule

EXPLAINED = (
    "Prices include tax: a rule says how much of a price it is. A rule holds until another one for"
    " the same price begins, so enter a new rate early, with its first day. What was sold keeps its"
    " tax. Have an accountant confirm the rates."
)


@admin.register(TaxRule)
class TaxRuleAdmin(ActionsInOneTransaction):
    form = TaxRuleForm
    list_display = ("kind", "area", "valid_from", "prices", "rate", "name", "code", "note")
    list_filter = ("kind", "place", "currency")
    search_fields = ("name", "code", "note")
    export_columns: Columns = {
        "kind": "get_kind_display",
        "place": "place",
        "valid_from": "valid_from",
        "currency": "currency",
        "price_from_minor_units": "price_from",
        "price_to_minor_units": "price_to",
        "rate_percent": lambda rule: rule.basis_points / 100,
        "name": "name",
        "code": "code",
        "consists_of": "parts",
        "note": "note",
    }
    fieldsets = (
        (
            None,
            {
                "fields": ("kind", ("place", "valid_from"), "currency", ("lowest", "highest")),
                "description": EXPLAINED,
            },
        ),
        ("The tax", {"fields": ("percent", ("name", "code"), "parts", "note")}),
    )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except TaxRuleOverlaps as error:
            # Somebody saved the other rule between the form's check and this save.
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: TaxRule, form: ModelForm, change: bool) -> None:
        save_rule(obj)

    def delete_model(self, request: HttpRequest, obj: TaxRule) -> None:
        delete_rule(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TaxRule]) -> None:
        with transaction.atomic():
            for rule in queryset:
                delete_rule(rule)

    @admin.display(description="place", ordering="place")
    def area(self, rule: TaxRule) -> str:
        return rule.place or "everywhere"

    @admin.display(description="prices")
    def prices(self, rule: TaxRule) -> str:
        return rule.band

    @admin.display(description="rate", ordering="basis_points")
    def rate(self, rule: TaxRule) -> str:
        return (
            f"{percent(rule.basis_points)} ({rule.parts})"
            if rule.parts
            else percent(rule.basis_points)
        )
