"""What staff pages share: who may open them, and a save without races."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse

Given = ParamSpec("Given")


def staff_with(
    permission: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, Given], HttpResponse]],
    Callable[Concatenate[HttpRequest, Given], HttpResponse],
]:
    """Only for staff who log in to the admin and have the permission; 403 for other staff."""

    def guard(
        view: Callable[Concatenate[HttpRequest, Given], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, Given], HttpResponse]:
        @wraps(view)
        def guarded(
            request: HttpRequest, *args: Given.args, **kwargs: Given.kwargs
        ) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return staff_member_required(guarded)

    return guard


def save_form_fields(obj: Model, form: ModelForm, *also: str) -> None:
    """Save only the columns of the form, and those of `also`.

    A save of the whole row would undo what others changed since it was read.
    """
    asked = {name for name in form.cleaned_data if not form.fields[name].disabled}
    fields = [
        field.name
        for field in obj._meta.concrete_fields
        if field.name in asked or field.name in also or getattr(field, "auto_now", False)
    ]
    obj.save(update_fields=fields)
