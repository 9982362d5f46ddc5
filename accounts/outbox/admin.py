"""The list "Messages": what was sent, what waits, and what could not be sent."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.requests import person
from accounts.search import MAX_PEOPLE, ids_of_people
from bookmyshow.core.staff.bounded_changelist import LongListAdmin, period_filter
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.staff.reasons import NO_REASON, ReasonForm, reason_of
from bookmyshow.core.templatetags.formatting import moment

from . import registry, services
from .models import ENDS, Message, State

BADGES = {
    State.WAITING: "badge-wait",
    State.SENT: "badge-good",
    State.GIVEN_UP: "badge-bad",
    State.DROPPED: "",
    State.HANDLED: "badge-good",
}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return State.choices

    def queryset(self, request: HttpRequest, found: Any) -> Any:
        state = self.value()
        return found.in_state(state) if state in State.values else found


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(registry.labels().items())

    def queryset(self, request: HttpRequest, found: Any) -> Any:
        return found.filter(kind=self.value()) if self.value() else found


def kind_label(message: Message) -> str:
    return registry.labels().get(message.kind, message.kind)


@admin.register(Message)
class MessageAdmin(LongListAdmin):
    """Mails and push messages, and whether each was sent. Nobody edits them.

    Staff can send one again, for example after a wrong address was corrected, or mark it as
    handled, for example after a call.
    """

    actions = ("send_again", "mark_handled")
    action_form = ReasonForm
    list_display = ("created_at", "kind_name", "customer", "told", "attempts")
    list_display_links = None
    list_filter = (StateFilter, "channel", KindFilter, period_filter("created_at", "written"))
    ordering = ("-pk",)
    search_fields = ("user__email",)
    search_help_text = "The customer's name, email or phone."
    export_columns: Columns = {
        "created_at": "created_at",
        "channel": "channel",
        "kind": "kind",
        "customer": lambda message: message.user.name if message.user else "",
        "email": "recipient",
        "show": "show",
        "booking": "booking",
        "state": "state.label",
        "due_at": "due_at",
        "sent_at": "sent_at",
        "given_up_at": "given_up_at",
        "dropped_at": "dropped_at",
        "handled_at": "handled_at",
        "handled_by": lambda message: str(message.handled_by or ""),
        "attempts": "attempts",
        "last_error": "last_error",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return super().get_queryset(request).select_related("user", "handled_by")

    @admin.display(description="message", ordering="kind")
    def kind_name(self, message: Message) -> SafeString:
        return format_html("{}<br><small>{}</small>", kind_label(message), message.channel)

    @admin.display(description="to", ordering="user__email")
    def customer(self, message: Message) -> SafeString | str:
        if message.user is None:
            return message.address or "–"
        return format_html(
            '<a href="{}">{}</a><br><small>{}</small>',
            reverse("admin:accounts_user_change", args=[message.user_id]),
            message.user.name or "–",
            message.recipient,
        )

    @admin.display(description="state")
    def told(self, message: Message) -> SafeString:
        state = message.state
        ended = getattr(message, ENDS[state]) if state in ENDS else None
        at = moment(ended or message.next_try_at).replace(" ", "\N{NO-BREAK SPACE}")
        by = f" by {message.handled_by}" if message.handled_by else ""
        return format_html(
            '<span class="badge {}">{}</span> <small>{}{}{}<br>{}</small>',
            BADGES[state],
            state.label,
            "" if ended else "next try ",
            at,
            by,
            message.last_error,
        )

    @admin.action(description="Send again", permissions=["act"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        by = person(request)
        rows = list(chosen.order_by("pk"))
        count = sum(services.send_again(message, by=by) for message in rows)
        self._say(request, count, len(rows), "to be sent within seconds", "its time has passed")

    @admin.action(description="Mark as handled", permissions=["act"])
    def mark_handled(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        by, reason = person(request), reason_of(request)
        if not reason:
            self.message_user(request, NO_REASON, messages.ERROR)
            return
        rows = list(chosen.order_by("pk"))
        count = sum(services.mark_handled(each, by=by, reason=reason) for each in rows)
        self._say(request, count, len(rows), "marked as handled", "sent or handled already")

    def _say(self, request: HttpRequest, count: int, chosen: int, done: str, why: str) -> None:
        words = f"{count} message{'' if count == 1 else 's'} {done}."
        if count < chosen:
            words += f" {chosen - count} left as they are: {why}."
        self.message_user(request, words, messages.SUCCESS if count else messages.WARNING)

    def has_act_permission(self, request: HttpRequest) -> bool:
        """The actions need the change permission. No page lets staff edit a message."""
        return request.user.has_perm("outbox.change_message")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(user__in=ids_of_people(search_term)[:MAX_PEOPLE]), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False
