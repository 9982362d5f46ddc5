"""Serves uploaded posters. WhiteNoise can't: it serves only files that exist when it starts."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

A_DAY = 24 * 60 * 60


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve an uploaded poster, or answer 404.

    movies/forms.py accepts only images. The Content-Security-Policy is a second protection: with it
    no browser runs code in a file.
    """
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except (OSError, ValueError) as error:
        # No file can have this name: it is too long or has a NUL character.
        raise Http404 from error
    if isinstance(response, FileResponse):
        response["Cache-Control"] = f"public, max-age={A_DAY}"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
