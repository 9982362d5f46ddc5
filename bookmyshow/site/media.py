"""Serves uploaded posters. WhiteNoise can't: it only serves files that existed at the start."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

A_DAY = 24 * 60 * 60


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve an uploaded poster, or answer 404.

    movies/forms.py accepts only images, and the policy keeps browsers from running a file's code.
    """
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except (OSError, ValueError) as error:
        # The name is not possible for a file: too long, or with a NUL character.
        raise Http404 from error
    if isinstance(response, FileResponse):
        response["Cache-Control"] = f"public, max-age={A_DAY}"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
