"""Every admin list as CSV: the same rows as on the page, filtered, searched and sorted alike.

The columns are for a spreadsheet or a program: one fact each, plain numbers, times in ISO 8601 with
their offset, the currency beside the amounts. An admin names them in `export_columns`; one without
exports the columns of its list.
"""

import csv
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from html import unescape
from operator import attrgetter
from typing import Any

from django.apps import apps
from django.conf import settings
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
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from bookmyshow.core.observability.security_log import log_event

from . import audit

# What is read ahead of what is sent: little, so that a download begins at once.
ROWS_AT_A_TIME = 200
EXPORTED, MOST_TOLD = "Exported as CSV.", 200
# A cursor lives in its transaction: outside of one the database would make the whole list before
# the first row. It plans for that first row, and waits for whoever downloads slowly.
CURSOR_SETTINGS = (
    "SET LOCAL cursor_tuple_fraction = 0.0001;"
    " SET LOCAL idle_in_transaction_session_timeout = '10min'"
)
# A spreadsheet takes a text that begins like this for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: By its head, where a row has a column's value: "user.email", or a function of the row.
Columns = Mapping[str, str | Callable[[Any], Any]]


def currency(_row: object) -> str:
    """The value of a column beside amounts."""
    return settings.CURRENCY


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
        rows = model_admin.get_changelist_instance(request).queryset
    except IncorrectLookupParameters as error:
        raise Http404("There is no such list.") from error
    assert request.user.is_authenticated
    audit.record_list(by=request.user, model=model_admin.model, what=_told(request))
    log_event(
        "export",
        request=request,
        account=request.user.get_username(),
        what=model_admin.opts.label_lower,
    )
    columns = getattr(model_admin, "export_columns", None) or _listed(model_admin, request)
    response = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{model}s.csv"'
    return response


def _admin_of(app: str, model: str) -> ModelAdmin:
    try:
        return admin.site.get_model_admin(apps.get_model(app, model))  # noqa: TID251 (as the address says)
    except (LookupError, NotRegistered) as error:
        raise Http404("There is no such list.") from error


def _told(request: HttpRequest) -> str:
    """The line for the audit log, with the filters of the list cut to MOST_TOLD characters."""
    narrowed = request.GET.urlencode()
    return f"Exported as CSV, narrowed by {narrowed[:MOST_TOLD]}." if narrowed else EXPORTED


def _listed(model_admin: ModelAdmin, request: HttpRequest) -> Columns:
    """The columns of the list as it is on the page."""
    names = model_admin.get_list_display(request)
    labels = [str(label_for_field(name, model_admin.model, model_admin)) for name in names]
    heads = [slugify(label).replace("-", "_") for label in labels]
    values = [partial(_on_page, model_admin, name) for name in names]
    return dict(zip(heads, values, strict=True))


def _on_page(model_admin: ModelAdmin, name: Any, row: Model) -> Any:
    return lookup_field(name, row, model_admin)[2]


def _lines(columns: Columns, rows: Any) -> Iterator[str]:
    writer = csv.writer(_Line())
    values = [attrgetter(value) if isinstance(value, str) else value for value in columns.values()]
    yield "\ufeff" + writer.writerow([plain_text(head) for head in columns])
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CURSOR_SETTINGS)
        for row in rows.iterator(chunk_size=ROWS_AT_A_TIME):
            yield writer.writerow([_cell(value, row) for value in values])


def _cell(value_of: Callable[[Any], Any], row: Model) -> str:
    try:
        value = value_of(row)
    except ObjectDoesNotExist:
        return ""
    if callable(value):
        value = value()
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case datetime():
            return value.isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case list() | tuple():
            return plain_text(", ".join(map(str, value)))
    return plain_text(_text(str(value)) if hasattr(value, "__html__") else str(value))


def _text(markup: str) -> str:
    """What a cell of the page says, its lines apart from each other."""
    return unescape(strip_tags(markup.replace("<br>", " · ")))


def plain_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula; some take full-width signs for one too."""
    words = text.strip()
    is_formula = unicodedata.normalize("NFKC", words[:1]).startswith(FORMULA)
    return f"'{words}" if is_formula else words
