from django.http import HttpRequest

from .models import User


class LoggedInRequest(HttpRequest):
    """A request behind `login_required`."""

    user: User
