"""Why a document can't be had now."""

from bookmyshow.core.errors import DomainError


class SeriesBusy(DomainError):
    """Another worker has held the lock of the series for longer than the lock timeout."""

    message = "another worker is numbering this series"


class ReceiptNotReady(DomainError):
    """The money was taken, and the invoice has no number yet."""

    code = "RECEIPT_NOT_READY"
    status = 409
    message = "Your receipt is being written. It will be ready in about a minute."
    when = "The payment is through, and its invoice gets its number within a minute."
    retry_after = 30
