"""Why a browser can't be subscribed."""

from bookmyshow.core.errors import InvalidInput, NotFound, Unavailable


class InvalidSubscription(InvalidInput):
    message = "This browser’s answer can’t be used. Please reload the page and try again."


class NotSubscribed(NotFound):
    message = "Nobody is told anything on this browser."


class PushIsOff(Unavailable):
    message = "Notifications are not available right now."
