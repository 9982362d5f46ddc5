"""Why a browser can't be subscribed."""

from bookmyshow.core.errors import InvalidInput, Unavailable


class InvalidSubscription(InvalidInput):
    message = "This browser’s answer can’t be used. Please reload the page and try again."


class PushIsOff(Unavailable):
    message = "Notifications are not available right now."
