"""Exports every admin list as CSV, with the list's filters, search and order.

Spreadsheets and programs can read the columns: each has one value, numbers have no units, times are
ISO 8601 with an offset, and the currency has its own column. A ModelAdmin lists its columns in
`export_columns`. Without this, the export has the columns of the page.
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
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.options import IncorrectLookupParameters, ModelAdmin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import connections, transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.html import strip_tags
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from bookmyshow.core.db.replicas import read_lines, written_by
from bookmyshow.core.observability.security_log import log_event

from . import audit

# Rows that are fetched at a time. Few, so that the download starts quickly.
ROWS_AT_A_TIME = 200
EXPORTED = "Exported as CSV."
# Of the query string, in the line of the audit log.
MOST_FILTER_CHARACTERS = 200
# Rows come from a server-side cursor, which needs a transaction. Without a cursor the database
# would compute the whole list before it sends the first row. These settings make the planner
# optimise for the first row, and let the transaction wait 10 minutes for a slow download.
CURSOR_SETTINGS = (
    "SET LOCAL cursor_tuple_fraction = 0.0001;"
    " SET LOCAL idle_in_transaction_session_timeout = '10min'"
)
# Spreadsheets treat a text that begins with one of these characters as a formula.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")

#: Columns by name. A value is a path such as "user.email", or a function of the row.
Columns = Mapping[str, str | Callable[[Any], Any]]


class Echo:
    """A file that stores nothing. `write` returns its text, so `csv.writer` returns each line."""

    def write(self, text: str) -> str:
        return text


@require_GET
@staff_member_required
def export(request: HttpRequest, app: str, model: str) -> StreamingHttpResponse:
    """Stream an admin list as CSV. The query string is that of the list: filters, search, order.

    403 if the user may not view the list. 404 if the model has no admin or a filter is not valid.
    Each export writes a line to the audit log.
    """
    model_admin = _admin_of(app, model)
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    try:
        rows = model_admin.get_changelist_instance(request).queryset
    except IncorrectLookupParameters as error:
        raise Http404("There is no such list.") from error
    assert request.user.is_authenticated
    audit.record_list(by=request.user, model=model_admin.model, what=_audit_text(request))
    log_event(
        "export",
        request=request,
        account=request.user.get_username(),
        what=model_admin.opts.label_lower,
    )
    columns = getattr(model_admin, "export_columns", None) or _listed(model_admin, request)
    lines = read_lines(partial(_lines, columns, rows), after=written_by(request))
    response = StreamingHttpResponse(lines, content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{model}s.csv"'
    return response


def _admin_of(app: str, model: str) -> ModelAdmin:
    try:
        return admin.site.get_model_admin(apps.get_model(app, model))  # noqa: TID251 (the URL names it)
    except (LookupError, NotRegistered) as error:
        raise Http404("There is no such list.") from error


def _audit_text(request: HttpRequest) -> str:
    """The text for the audit log, with up to MOST_FILTER_CHARACTERS of the list's filters."""
    filters = request.GET.urlencode()
    if not filters:
        return EXPORTED
    return f"Exported as CSV, narrowed by {filters[:MOST_FILTER_CHARACTERS]}."


def _listed(model_admin: ModelAdmin, request: HttpRequest) -> Columns:
    """The columns that the list has on the page. Their names come from the column titles."""
    names = model_admin.get_list_display(request)
    labels = [str(label_for_field(name, model_admin.model, model_admin)) for name in names]
    heads = [slugify(label).replace("-", "_") for label in labels]
    values = [partial(_on_page, model_admin, name) for name in names]
    return dict(zip(heads, values, strict=True))


def _on_page(model_admin: ModelAdmin, name: Any, row: Model) -> Any:
    """The value of a column as the list shows it."""
    return lookup_field(name, row, model_admin)[2]


def _lines(columns: Columns, rows: Any, alias: str) -> Iterator[str]:
    """The first line comes with the first row, so that nothing is sent before the database has
    answered."""
    writer = csv.writer(Echo())
    values = [attrgetter(value) if isinstance(value, str) else value for value in columns.values()]
    # Spreadsheets recognise UTF-8 by this byte order mark.
    heads = "\ufeff" + writer.writerow([plain_text(head) for head in columns])
    with transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            cursor.execute(CURSOR_SETTINGS)
        for row in rows.using(alias).iterator(chunk_size=ROWS_AT_A_TIME):
            yield heads + writer.writerow([_cell(value, row) for value in values])
            heads = ""
    if heads:
        yield heads


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
    """The text of a cell's HTML. " · " takes the place of line breaks."""
    return unescape(strip_tags(markup.replace("<br>", " · ")))


def plain_text(text: str) -> str:
    """The text without spaces around it. A possible formula gets a ' in front.

    NFKC turns full-width signs (＝ ＋ …) into ASCII, because some spreadsheets accept them too.
    """
    words = text.strip()
    is_formula = unicodedata.normalize("NFKC", words[:1]).startswith(FORMULA_SIGNS)
    return f"'{words}" if is_formula else words
