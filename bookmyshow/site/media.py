"""Serves what staff uploaded; static files are WhiteNoise's, which knows only what was deployed."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

A_DAY = 24 * 60 * 60


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """An uploaded poster. Only images get in (movies/forms.py), and nothing is run as a page."""
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except (OSError, ValueError) as error:
        # A name that no file can have: longer than the disk takes, or with a NUL in it.
        raise Http404 from error
    if isinstance(response, FileResponse):
        response["Cache-Control"] = f"public, max-age={A_DAY}"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
