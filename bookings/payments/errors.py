"""Why a payment can't begin, with messages for the buyer and codes for the JSON API."""

from bookings.errors import BookingError
from bookings.errors import PaymentRequired as PaymentRequired  # Its code is one of money.
from bookmyshow.core.errors import Unavailable


class PaymentError(BookingError):
    """Base of the errors about money."""


class PaymentsOff(PaymentError):
    """Nothing can be paid online at this site."""

    code = "PAYMENTS_OFF"
    summary = "Nothing can be paid online here."
    when = "Asking for a checkout where online payment is switched off."
    message = "You can't pay online here. Please confirm, and pay at the cinema."


class NothingToPay(PaymentError):
    """The booking is free of charge, or nothing is owed for it any more."""

    code = "NOTHING_TO_PAY"
    summary = "There is nothing to pay for this booking."
    when = "Asking for a checkout of a booking that costs nothing."
    message = "There is nothing to pay for this booking. Please confirm it."


class AlreadyPaid(NothingToPay):
    code = "ALREADY_PAID"
    summary = "This booking is paid."
    when = "Asking for a checkout of a booking that is paid, or whose money is being taken."
    message = "This booking is paid already; nothing more is owed."


class ProviderUnavailable(PaymentError, Unavailable):
    """The payment provider did not answer, or refused to open the payment.

    The payment stays as it is, and asking again is safe: it never opens a second one.
    """

    code = "PROVIDER_UNAVAILABLE"
    status = 503
    summary = "The payment provider does not answer right now. Please try again."
    when = "The payment provider did not answer in time; try again after Retry-After seconds."
    retry_after = 3


class PaymentDisputed(PaymentError):
    """The buyer's bank looks into the payment. Paying it back too could give it back twice."""

    code = "PAYMENT_DISPUTED"
    summary = "The bank is looking into this payment."
    when = "Cancelling a booking whose payment is disputed at the buyer's bank."
    message = (
        "The buyer's bank is looking into this payment, and may give the money back itself. "
        "Until it has decided, nothing can be paid back here."
    )


class RefundRefused(PaymentError):
    """The money can't be given back like this. Only staff meet its subclasses."""

    code = "REFUND_REFUSED"
    summary = "This can't be given back."
    when = "Nothing, or less, is left of what was paid; or less comes back than was expected."


class NothingToRefund(RefundRefused):
    message = "There is nothing to give back."


class RefundTooLarge(RefundRefused):
    """More than what is left of the payment, or of one of its lines."""

    message = "That is more than what is left of the payment. Look at the page again."


class RefundChanged(RefundRefused):
    """Less comes back than the page said, because a step of the cancellation policy passed."""

    message = (
        "Not cancelled yet: since you opened the page, the time for that refund has passed. "
        "Look at what comes back now, and cancel again if you still want to."
    )


class RefundNotFailed(RefundRefused):
    """Only a refund that failed can be tried again, and only once."""

    message = "Only a refund that failed, and was not tried again yet, can be tried again."


class RefundNotDue(RefundRefused):
    """Only a refund that waits for the queue can be sent earlier."""

    message = "This refund is not waiting to be sent."


class NothingToReview(RefundRefused):
    message = "Nobody has to look at this payment."


class RefundNotManual(RefundRefused):
    """Only a refund that a person hands back can be settled by hand."""

    message = "This refund is not one that is handed back by a person."
