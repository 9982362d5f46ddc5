"""The page `/metrics`, which only Prometheus may read."""

import os
from secrets import compare_digest

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from .state_gauges import StateGauges


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the metrics. 404 if METRICS_TOKEN is not set, 401 if it is not sent."""
    token = settings.METRICS_TOKEN
    if not token:
        raise Http404
    sent = request.headers.get("Authorization", "")
    if not compare_digest(sent.encode(), f"Bearer {token}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(expose(), content_type=CONTENT_TYPE_LATEST)


def expose() -> bytes:
    """The metrics of all processes and of the site's state, in Prometheus' text format."""
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)
    state = CollectorRegistry()
    state.register(StateGauges())
    return generate_latest(counted) + generate_latest(state)
