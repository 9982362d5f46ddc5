from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.requests import person
from bookings.payments.models import Refund
from bookings.payments.staff.refund_decisions import retry, send_now, settle_manually
from bookings.payments.states import RefundState
from bookmyshow.core.staff.bounded_changelist import period_filter
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.staff.reasons import ReasonForm
from bookmyshow.core.templatetags.formatting import minor, moment

from .history import Choices, HistoryAdmin, badge, major, order_link

BADGES = {RefundState.SUCCEEDED: "good", RefundState.FAILED: "bad", RefundState.MANUAL: "bad"}


class NeedsStaff(Choices):
    """Refunds that don't end without a person, and those that the queue works on."""

    title = "needs"
    parameter_name = "needs"
    conditions = {
        "person": (
            "A person",
            Q(state=RefundState.MANUAL) | Q(state=RefundState.FAILED, retry=None),
        ),
        "queue": ("The queue", Q(state__in=[RefundState.DUE, RefundState.SENT])),
    }


@admin.register(Refund)
class RefundAdmin(HistoryAdmin):
    """Money that goes back. A refund that was tried again is in the list once for each try."""

    path_to_order = "payment__order__"
    exact_fields = ("reference", "payment__charge")
    action_form = ReasonForm
    actions = ("try_again", "send_at_once", "hand_back", "handed_back")
    list_display = ("written", "order_named", "sum", "state_badge", "why", "who")
    list_filter = (
        NeedsStaff,
        "state",
        "source",
        "payment__provider",
        period_filter("created_at", "day of the refund (UTC)"),
    )
    fieldsets = (
        (None, {"fields": ("order_named", "sum", "state_badge", "why", "who", "retry_of")}),
        ("At the provider", {"fields": ("uuid", "reference", "failure_code", "tries")}),
        ("Times (UTC)", {"fields": ("created_at", "next_try_at", "sent_at", "ended_at")}),
    )
    readonly_fields = ("uuid", "order_named", "sum", "state_badge", "why", "who")
    export_columns: Columns = {
        "created_at": "created_at",
        "order": "payment.order.reference",
        "booking": "payment.order.booking_reference",
        "email": "payment.order.email",
        "provider": "payment.provider",
        "state": "state",
        "source": "source",
        "reason": "reason",
        "by": lambda refund: refund.by.email if refund.by else "",
        "handed_back_by": lambda refund: (
            refund.handed_back_by.email if refund.handed_back_by else ""
        ),
        "amount": lambda refund: major(refund.amount, refund.payment.currency),
        "currency": "payment.currency",
        "sent_at": "sent_at",
        "ended_at": "ended_at",
        "failure_code": "failure_code",
        "provider_reference": "reference",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        refunds: QuerySet[Refund] = super().get_queryset(request)
        return refunds.select_related("payment__order", "by", "handed_back_by", "retry")

    @admin.display(description="written (UTC)", ordering="created_at")
    def written(self, refund: Refund) -> str:
        return moment(refund.created_at)

    @admin.display(description="order")
    def order_named(self, refund: Refund) -> SafeString:
        return order_link(refund.payment.order)

    @admin.display(description="amount", ordering="amount")
    def sum(self, refund: Refund) -> str:
        return minor(refund.amount, refund.payment.currency)

    @admin.display(description="state", ordering="state")
    def state_badge(self, refund: Refund) -> SafeString:
        note: Any = ""
        if hasattr(refund, "retry"):
            note = format_html("<small>{}</small>", "tried again")
        elif refund.failure_code:
            note = format_html("<small>{}</small>", refund.failure_code)
        return badge(
            refund.get_state_display(), BADGES.get(RefundState(refund.state), "wait"), note
        )

    @admin.display(description="why", ordering="source")
    def why(self, refund: Refund) -> SafeString:
        return format_html(
            "{}{}", refund.get_source_display(), f": {refund.reason}" if refund.reason else ""
        )

    @admin.display(description="by", ordering="by")
    def who(self, refund: Refund) -> str:
        asked = str(refund.by) if refund.by else ""
        if not refund.handed_back_by:
            return asked
        return f"{asked}; handed back by {refund.handed_back_by}".removeprefix("; ")

    @admin.action(description="Try failed refunds again", permissions=["give"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        by = person(request)
        done = "to be sent again within seconds."
        self.act_on_each(request, chosen, lambda r, why: retry(r, by=by, reason=why), done)

    @admin.action(description="Send due refunds now, without a pause", permissions=["give"])
    def send_at_once(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        by = person(request)
        done = "to be sent within seconds."
        self.act_on_each(request, chosen, lambda r, why: send_now(r, by=by, reason=why), done)

    @admin.action(description="Hand failed refunds back by a person", permissions=["give"])
    def hand_back(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        by = person(request)
        self.act_on_each(
            request,
            chosen,
            lambda r, why: retry(r, by=by, reason=why, by_hand=True),
            "to be handed back by a person.",
        )

    @admin.action(description="I have handed this money back", permissions=["settle"])
    def handed_back(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        by = person(request)
        done = "noted as handed back by you."
        self.act_on_each(
            request, chosen, lambda r, why: settle_manually(r, by=by, reason=why), done
        )

    def has_give_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.give_refund")

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.settle_refund")
