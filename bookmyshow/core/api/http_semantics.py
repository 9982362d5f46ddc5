"""HTTP behaviour of every endpoint: HEAD, OPTIONS, 405, ETag and 304, no-store.

Django's GZipMiddleware compresses the answers. It adds random bytes, so that nobody can guess a
secret in an answer from the answer's length (the BREACH attack).
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt

from .errors import MethodNotAllowed, problem

View = Callable[..., HttpResponseBase]


def with_http_semantics(view: View) -> View:
    """Decorator for views of the API.

    Answers HEAD and OPTIONS, and sends Allow with a 405. A 200 that the view marked `Cache-Control:
    public` gets an ETag. Other answers get `private, no-store` if they have no Cache-Control.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        method = request.method
        if method == "HEAD":
            request.method = "GET"
        response = view(request, *args, **kwargs)
        assert isinstance(response, HttpResponse)
        request.method = method
        if response.status_code == 405:
            response = _not_allowed(request, response["Allow"])
        response = _cacheable(request, response)
        if method == "HEAD":
            response["Content-Length"] = str(len(response.content))
            response.content = b""
        return response

    # CSRF works only with a credential that browsers send automatically, such as a cookie. The API
    # accepts only bearer tokens.
    return csrf_exempt(wrapped)


def _not_allowed(request: HttpRequest, known: str) -> HttpResponse:
    methods = {method.strip() for method in known.split(",")} | {"OPTIONS"}
    if "GET" in methods:
        methods.add("HEAD")
    response = (
        HttpResponse(status=204) if request.method == "OPTIONS" else problem(MethodNotAllowed())
    )
    response["Allow"] = ", ".join(sorted(methods))
    return response


def _cacheable(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if response.status_code != 200 or "public" not in response.get("Cache-Control", ""):
        response.setdefault("Cache-Control", "private, no-store")
        return response
    response["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    conditional = get_conditional_response(request, etag=response["ETag"], response=response)
    if conditional is not response and conditional is not None:
        conditional["Cache-Control"] = response["Cache-Control"]
    assert isinstance(conditional, HttpResponse)
    return conditional
