"""Which browser a request comes from, so that log-out ends its messages.

A signed cookie has the name of the browser's subscription (`Subscription.device`). It outlives the
session: if a session ends by itself and another person logs in on this browser, the messages of the
person before must end.
"""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from accounts.guests.session import people
from accounts.models import User

from .models import Subscription, Topic

SALT = "accounts.push.browser"
# Browsers keep a cookie for 400 days at most.
COOKIE_AGE = 400 * 24 * 3600

# What a browser's name is made of: the first word of each that is in the User-Agent. The order
# matters, because a User-Agent also names the browsers that it wants to be taken for.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS": "Mac",
    "Linux": "Linux",
}
PHONES = ("Android", "iPhone", "Mobile")


def device_name(endpoint: str) -> str:
    """The name of the browser with this endpoint, for `Subscription.device`."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def device_of(request: HttpRequest) -> str:
    """The browser that sent this request, if it subscribed here before; otherwise ""."""
    signer = signing.Signer(salt=SALT)
    try:
        return signer.unsign(request.COOKIES.get(settings.PUSH_COOKIE_NAME, ""))
    except signing.BadSignature:
        return ""


def remember_device(response: HttpResponse, device: str) -> None:
    response.set_cookie(
        settings.PUSH_COOKIE_NAME,
        signing.Signer(salt=SALT).sign(device),
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def browser_name(request: HttpRequest) -> str:
    """Such as "Chrome on Android", for a person's list of browsers."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), "A browser")
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    return f"{browser} on {system}" if system else browser


def phone_or_computer(request: HttpRequest) -> str:
    """What the browser runs on, in one word: "phone" or "computer"."""
    agent = request.headers.get("User-Agent", "")
    return "phone" if any(sign in agent for sign in PHONES) else "computer"


def end_on_log_out(*, request: HttpRequest, **_signal: Any) -> None:
    """End all messages to the browser that logs out. The session's guest is forgotten, too."""
    if device := device_of(request):
        Subscription.objects.filter(device=device).delete()


def change_on_log_in(*, request: HttpRequest, user: User, **_signal: Any) -> None:
    """End what another person wanted to be told on this browser.

    What the session's guest chose is also chosen for the account: their hold moves there.
    """
    device = device_of(request)
    if not device:
        return
    here = {user.pk, *(person.pk for person in people(request))}
    with transaction.atomic():
        rows = Subscription.objects.filter(device=device)
        rows.exclude(user__in=here).delete()
        known = list(rows)
        if known and user.pk not in {row.user_id for row in known}:
            first = known[0]
            Subscription.objects.bulk_create(
                [
                    Subscription(
                        user=user,
                        device=device,
                        endpoint=first.endpoint,
                        p256dh=first.p256dh,
                        auth=first.auth,
                        server_key=first.server_key,
                        name=first.name,
                        **{topic.value: getattr(first, topic) for topic in Topic},
                    )
                ],
                ignore_conflicts=True,
            )


def connect_signals() -> None:
    user_logged_out.connect(end_on_log_out, dispatch_uid="push-log-out")
    user_logged_in.connect(change_on_log_in, dispatch_uid="push-log-in")
