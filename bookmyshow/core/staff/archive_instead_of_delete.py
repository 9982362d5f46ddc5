"""What was sold keeps its film and its cinema: in the admin those are archived, not deleted."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from .access import ActionsInOneTransaction, save_form_fields


class Archived(admin.SimpleListFilter):
    """The list is of what is in use, unless one asks for the rest."""

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
    """An admin with "archive" and "restore", which says why something can't be deleted.

    Subclasses give the two services, which write the audit log too, and say why a thing is kept.
    """

    actions = ("archive_selected", "restore_selected")
    archive: Callable[..., None]
    restore: Callable[..., None]
    #: What `archive` raises when a rule says no; each has words for people as its `message`.
    refusals: Any = ()

    def why_kept(self, thing: Any) -> str:
        """Why this can't be deleted, in one line; "" if it can."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Write only the columns of the form, so that no archiving meanwhile is undone."""
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
        """Where something is kept, why; otherwise what goes with it."""
        kept = [why for thing in objs if (why := self.why_kept(thing))]
        if kept:
            return [str(thing) for thing in objs], {}, set(), kept
        return super().get_deleted_objects(objs, request)
