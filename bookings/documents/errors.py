"""Why a document can't be had now."""

from bookmyshow.core.errors import DomainError, NotFound


class SeriesBusy(Exception):
    """Another worker has held the lock of the series for longer than the lock timeout."""


class ReceiptNotFound(NotFound):
    """Nothing was paid for the booking, or it is another person's."""

    message = "There is no receipt for this booking."


class ReceiptNotReady(DomainError):
    """The money was taken, and the invoice has no number yet."""

    code = "RECEIPT_NOT_READY"
    message = "Your receipt is being written. It will be ready in about a minute."
    when = "The payment is through, and its invoice gets its number within a minute."
    retry_after = 30
