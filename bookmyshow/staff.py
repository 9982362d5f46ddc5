"""Who may open a staff page that is no model's list or form."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
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
