"""Admin support for archiving: films and cinemas that have shows are archived, not deleted."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from .access import ActionsInOneTransaction, save_form_fields


class Archived(admin.SimpleListFilter):
    """Shows rows in use by default; the other choices are archived rows and all rows."""

    title = "in use"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Archived"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "In use"}
        yield from others

    def queryset(self, request: HttpRequest, things: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return things
        return things.filter(archived_at__isnull=self.value() != "yes")


class ArchivableAdmin(ActionsInOneTransaction):
    """An admin with the actions "archive" and "restore". It says why a row can't be deleted.

    Subclasses define the services `archive` and `restore`, which also write the audit log, and
    `why_kept`.
    """

    actions = ("archive_selected", "restore_selected")
    archive: Callable[..., None]
    restore: Callable[..., None]
    #: The errors that `archive` raises if a rule forbids it. Each has a `message` for people.
    refusals: Any = ()

    def why_kept(self, thing: Any) -> str:
        """Why this can't be deleted, in one line; "" if it can."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Save only the form's fields: the row may have been archived since the form was read."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        save_form_fields(obj, form)

    @admin.action(description="Archive", permissions=["change"])
    def archive_selected(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        now = timezone.now()
        for thing in chosen:
            try:
                self.archive(thing, by=request.user, at=now)
            except self.refusals as error:
                self.message_user(request, f"{thing}: {error.message}", messages.ERROR)
                continue
            self.message_user(request, f"{thing} is archived.", messages.SUCCESS)

    @admin.action(description="Restore from the archive", permissions=["change"])
    def restore_selected(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        for thing in chosen:
            self.restore(thing, by=request.user)
            self.message_user(request, f"{thing} is in use again.", messages.SUCCESS)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """For the page that confirms a deletion: why it is refused, or else what is deleted too."""
        kept = [why for thing in objs if (why := self.why_kept(thing))]
        if kept:
            return [str(thing) for thing in objs], {}, set(), kept
        return super().get_deleted_objects(objs, request)
