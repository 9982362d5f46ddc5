"""Pages of staff: the PDF of a document, and the journal for the accountant."""

from datetime import UTC
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.requests import AuthenticatedRequest
from bookmyshow.core.observability.security_log import log_event
from bookmyshow.core.staff import audit
from bookmyshow.core.staff.access import staff_with
from bookmyshow.core.time import database_now, local_day

from .forms import JournalForm, last_month
from .journal import csv_lines, journal
from .models import TaxDocument
from .views import pdf_response


@require_GET
@never_cache
@staff_with("documents.view_taxdocument")
def document_pdf(request: HttpRequest, document_id: int) -> HttpResponse:
    documents = TaxDocument.objects.select_related("refers_to")
    return pdf_response([get_object_or_404(documents, pk=document_id)])


@require_GET
@never_cache
@staff_with("documents.export_journal")
def journal_page(request: AuthenticatedRequest) -> HttpResponseBase:
    """The form; with valid days the lines as CSV. Each export is in the audit log."""
    if not request.GET:
        form = JournalForm(initial=last_month(local_day(database_now(), UTC)))
    else:
        form = JournalForm(request.GET)
        if form.is_valid():
            return _download(request, form.cleaned_data)
    context = {**admin.site.each_context(request), "title": "Journal", "form": form}
    return render(request, "bookings/documents/journal.html", context)


def _download(request: AuthenticatedRequest, chosen: dict[str, Any]) -> StreamingHttpResponse:
    cinema, begins, ends = chosen["cinema"], chosen["begins"], chosen["ends"]
    what = f"Journal of {cinema or 'all cinemas'} exported, {begins} to {ends}."
    audit.record_list(by=request.user, model=TaxDocument, what=what)
    log_event(
        "export", request=request, account=request.user.get_username(), what="documents.journal"
    )
    lines = csv_lines(journal(cinema, begins, ends))
    response = StreamingHttpResponse(lines, content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="journal-{begins}-{ends}.csv"'
    return response
