"""Every admin list as CSV: the same rows as on the page, filtered, searched and sorted alike."""

import csv
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.options import IncorrectLookupParameters, ModelAdmin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import connection, transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.html import strip_tags
from django.views.decorators.http import require_GET

# What is read ahead of what is sent: little, so that a download begins at once.
ROWS_AT_A_TIME = 200
# A cursor lives in its transaction: outside of one the database would make the whole list before
# the first row. It plans for that first row, and waits for whoever downloads slowly.
CURSOR_SETTINGS = (
    "SET LOCAL cursor_tuple_fraction = 0.0001;"
    " SET LOCAL idle_in_transaction_session_timeout = '10min'"
)
# A spreadsheet takes a text that begins like this for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """A file that gives back what is written to it, for csv.writer."""

    def write(self, text: str) -> str:
        return text


@require_GET
@staff_member_required
def export(request: HttpRequest, app: str, model: str) -> StreamingHttpResponse:
    """The list that the same address without `export` shows; a row is read as it is sent."""
    model_admin = _admin_of(app, model)
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    try:
        rows = model_admin.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters as error:
        raise Http404("There is no such list.") from error
    response = StreamingHttpResponse(
        _lines(model_admin, rows, model_admin.get_list_display(request)), content_type="text/csv"
    )
    response["Content-Disposition"] = f'attachment; filename="{model}s.csv"'
    return response


def _admin_of(app: str, model: str) -> ModelAdmin:
    try:
        return admin.site.get_model_admin(apps.get_model(app, model))
    except (LookupError, NotRegistered) as error:
        raise Http404("There is no such list.") from error


def _lines(model_admin: ModelAdmin, rows: Any, columns: Any) -> Iterator[str]:
    writer = csv.writer(_Line())
    heads = [_safe(label_for_field(name, model_admin.model, model_admin)) for name in columns]
    yield "\ufeff" + writer.writerow(heads)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CURSOR_SETTINGS)
        for row in rows.iterator(chunk_size=ROWS_AT_A_TIME):
            yield writer.writerow([_cell(name, row, model_admin) for name in columns])


def _cell(name: Any, row: Model, model_admin: ModelAdmin) -> str:
    try:
        field, _, value = lookup_field(name, row, model_admin)
    except ObjectDoesNotExist:
        return ""
    if value is None:
        return ""
    if field is not None and getattr(field, "flatchoices", None):
        value = dict(field.flatchoices).get(value, value)
    return _safe(_text(str(value)) if hasattr(value, "__html__") else str(value))


def _text(markup: str) -> str:
    """What a cell of the page says, its lines apart from each other."""
    return strip_tags(markup.replace("<br>", " · "))


def _safe(text: Any) -> str:
    words = str(text).strip()
    return f"'{words}" if words.startswith(FORMULA) else words
