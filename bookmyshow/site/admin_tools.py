"""Actions on the admin's front page."""

import logging

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

log = logging.getLogger(__name__)


@require_POST
@staff_member_required
def clear_cache(request: HttpRequest) -> HttpResponse:
    """Delete all cache entries, as `manage.py clear_cache` does. 403 if not a superuser."""
    if not request.user.is_superuser:
        raise PermissionDenied
    cache.clear()
    log.info("cache cleared from the admin by user %s", request.user.pk)
    messages.success(request, "The cache is empty; pages fill it again as they are opened.")
    return redirect("admin:index")
