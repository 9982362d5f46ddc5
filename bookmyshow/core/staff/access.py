"""For staff pages: check a permission, run actions in one transaction, save a form's fields."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

Given = ParamSpec("Given")
#: A view may ask for a more exact type, such as `accounts.requests.AuthenticatedRequest`.
Request = TypeVar("Request", bound=HttpRequest)


def staff_with(
    permission: str,
) -> Callable[
    [Callable[Concatenate[Request, Given], HttpResponseBase]],
    Callable[Concatenate[Request, Given], HttpResponseBase],
]:
    """View decorator: only for staff who have the permission.

    Other staff get 403. Everyone else is redirected to the admin's log-in page.
    """

    def guard(
        view: Callable[Concatenate[Request, Given], HttpResponseBase],
    ) -> Callable[Concatenate[Request, Given], HttpResponseBase]:
        @wraps(view)
        def guarded(
            request: Request, *args: Given.args, **kwargs: Given.kwargs
        ) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return staff_member_required(guarded)

    return guard


class ActionsInOneTransaction(admin.ModelAdmin):
    """Runs an action on the chosen rows in one transaction, with its lines in the audit log.

    Django does the same for its views of one row, but not for its action that deletes rows.
    """

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *arguments: Any
    ) -> HttpResponse | None:
        with transaction.atomic():
            return super().response_action(request, queryset, *arguments)


def save_form_fields(obj: Model, form: ModelForm, *also: str) -> None:
    """Save only the form's fields, those named in `also`, and `auto_now` fields.

    A save of all fields would overwrite changes that others made after the form was read.
    """
    asked = {name for name in form.cleaned_data if not form.fields[name].disabled}
    fields = [
        field.name
        for field in obj._meta.concrete_fields
        if field.name in asked or field.name in also or getattr(field, "auto_now", False)
    ]
    obj.save(update_fields=fields)
