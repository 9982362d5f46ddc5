"""Decides what becomes of a payment, from what its provider says about it (docs/spec.md §18).

`apply` is one transaction: it takes the locks, reads the clock, and moves booking, order and
payment forward together. So after each commit the seats and the money fit each other. It calls no
provider: it answers whether something is to be done there, and `observe.py` does it.

Any number of calls may run at once, in any order and with old answers of the provider. The first
one under the locks decides; the others find the decision.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db import transaction

from accounts.outbox.nudging import run_soon
from bookings.errors import ShowBusy
from bookings.messages.services import write_booked
from bookings.models import Booking
from bookings.payments.models import Payment, Refund
from bookings.payments.orders.closing import end_order, end_state, stop_payable
from bookings.payments.providers.base import Remote, RemoteState
from bookings.payments.states import DUE, PAYABLE, OrderState, PaymentState
from bookmyshow.core.db.transactions import lock_timeout_raises

from .case import (
    GIVEN_UP,
    LATE,
    NO_BOOKING,
    NO_SHOW,
    TWICE,
    WRONG,
    Answer,
    BookingChanged,
    Case,
    ShowNeeded,
    Unwanted,
    lock_case,
    mismatch,
    mix_up,
)
from .mails import mail_money_back, mail_paid, mail_refused
from .next_look import look_later, look_soon
from .seats import confirm_hold, take_again

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
OPEN, PAID, UNPAID = OrderState.OPEN, OrderState.PAID, OrderState.UNPAID
EXPIRED, CANCELLED = OrderState.EXPIRED, OrderState.CANCELLED
STOPPED = frozenset({PaymentState.VOID_DUE, PaymentState.VOIDED})
#: How long one process has to itself what must be done at the provider: longer than its calls take.
CLAIM = timedelta(seconds=40)
NUMBER_DOCUMENTS = "bookings.tasks.number_documents"


@dataclass(frozen=True, slots=True)
class Step:
    """A payment after `apply`, and whether the caller must now do what is due at the provider."""

    payment: Payment
    must_act: bool


def apply(payment_id: int, answer: Answer) -> Step:
    """Move a payment forward by the provider's answer. Does nothing if nothing has changed.

    Raises ShowBusy if a lock stayed busy; then nothing was changed.
    """
    with_show = False
    while True:
        payment = Payment.objects.select_related("order").get(pk=payment_id)
        if payment.state == PaymentState.CAPTURED:
            return Step(payment, must_act=False)
        try:
            with lock_timeout_raises(ShowBusy), transaction.atomic():
                case = lock_case(payment, answer.remote, with_show=with_show)
                return _decide(case, answer)
        except ShowNeeded:
            with_show = True
        except BookingChanged:
            continue


def _decide(case: Case, answer: Answer) -> Step:
    payment, before = case.payment, case.payment.state
    if before == PaymentState.CAPTURED:
        return Step(payment, must_act=False)
    if answer.acted:
        payment.claimed_until = None
    if answer.is_old(payment):
        return _save(case, answer, changed=False)
    payment.last_error = answer.refused or answer.remote.decline_code
    if before == PaymentState.CAPTURE_DUE:
        _finish_capture(case, answer)
    elif answer.has_money:
        _money_is_there(case, answer)
    else:
        _no_money(case, answer)
    return _save(case, answer, changed=payment.state != before)


def _save(case: Case, answer: Answer, *, changed: bool) -> Step:
    """Plan the next look, claim what is due, and write the payment."""
    payment, now = case.payment, case.now
    is_claimed = payment.claimed_until is not None and payment.claimed_until > now
    must_act = payment.state in DUE and not is_claimed and (changed or not answer.acted)
    if must_act:
        payment.claimed_until = now + CLAIM
    if _is_final(payment, answer.remote):
        payment.next_check_at = None
    elif changed:
        look_soon(payment, now)
    else:
        look_later(payment, now)
    if changed:
        payment.updated_at = now
    payment.save()
    return Step(payment, must_act)


def _is_final(payment: Payment, remote: Remote) -> bool:
    """Whether no money can come any more. Some providers can't end a payment by a call."""
    if payment.state == PaymentState.CANCELLED:
        return remote.state is RemoteState.CANCELLED
    if payment.state == PaymentState.VOIDED:
        # After an old answer "reserved" it is asked once more.
        return remote.state is not RemoteState.AUTHORISED
    return payment.state == PaymentState.CAPTURED


def _finish_capture(case: Case, answer: Answer) -> None:
    """The seats are given, and a capture was due: write down how it ended."""
    remote, payment = answer.remote, case.payment
    if remote.state is RemoteState.CAPTURED:
        if problem := mismatch(payment, remote):
            payment.review = problem
            _give_back(case, answer, WRONG)
            _unpaid(case)
        else:
            _take(case, remote)
    elif remote.state is RemoteState.AUTHORISED and answer.refused:
        payment.move_to(PaymentState.VOID_DUE)
        _unpaid(case)
    elif remote.state in {RemoteState.CANCELLED, RemoteState.OPEN, RemoteState.FAILED}:
        # What was reserved is gone: it ran out, or the bank took it back.
        payment.move_to(PaymentState.VOIDED)
        _unpaid(case)


def _unpaid(case: Case) -> None:
    """The seats stay the buyer's, and the money is owed: by a link, or at the cinema."""
    if case.order.state != PAID:
        return
    _set_order(case, UNPAID)
    if case.booking is not None:
        mail_refused(case.payment, case.order, case.booking)


def _money_is_there(case: Case, answer: Answer) -> None:
    """Money is reserved or taken: keep it for the order, or give it back."""
    payment, remote = case.payment, answer.remote
    if problem := mix_up(case, remote):
        payment.review = problem
        payment.move_to(PaymentState.REVIEW)
        return
    if payment.state in STOPPED and not _is_wanted_again(case, remote):
        _release_or_give_back(case, answer)
        return
    if problem := mismatch(payment, remote):
        payment.review = problem
        _end_order(case)
        _give_back(case, answer, WRONG)
        return
    if case.order.state in {OPEN, EXPIRED} and case.booking and not case.has_seats:
        unwanted = _seats_of_late_buyer(case)
    else:
        unwanted = _unwanted(case)
    if unwanted:
        _end_order(case)
        _give_back(case, answer, unwanted)
    else:
        _keep(case, answer)


def _is_wanted_again(case: Case, remote: Remote) -> bool:
    """Whether money of a stopped payment is for its order after all, if seats and amount fit.

    There are two cases. The bank refused the capture, and yet the money was taken: the ticket is
    still to be paid. Or a reservation ended before anything was decided, and the buyer paid again.
    """
    payment, order = case.payment, case.order
    if payment.surplus:
        return False
    if order.state == UNPAID:
        return remote.state is RemoteState.CAPTURED
    return payment.state == PaymentState.VOIDED and order.state in {OPEN, EXPIRED}


def _release_or_give_back(case: Case, answer: Answer) -> None:
    payment, remote = case.payment, answer.remote
    is_refused = case.order.state == UNPAID and not payment.surplus
    if is_refused and remote.state is RemoteState.AUTHORISED:
        # The bank refused to give it, and has not released it yet. The buyer knows.
        payment.move_to(PaymentState.VOID_DUE)
        payment.charge = remote.charge
    else:
        _give_back(case, answer, _reason_of_stopped(case))


def _unwanted(case: Case) -> Unwanted | None:
    """Why the money is not wanted, if no seats must be taken again. None: it is wanted."""
    order = case.order
    if order.state == PAID and not case.is_paid_by_another:
        # For a week nobody knew whether it was captured. Then a person closed the review.
        return None
    if order.state == PAID or any(other.state in {OPEN, PAID, UNPAID} for other in case.others):
        return TWICE
    if order.state == OrderState.ABANDONED:
        return GIVEN_UP
    if order.state == CANCELLED:
        return _reason_of_stopped(case)
    return None if case.has_seats else LATE


def _reason_of_stopped(case: Case) -> Unwanted:
    """Why money goes back that arrived although its payment was stopped."""
    if case.payment.review:
        return WRONG
    if case.order.state == OrderState.ABANDONED:
        return GIVEN_UP
    if case.order.state == CANCELLED:
        booking = case.booking
        by_customer = booking and booking.ended_reason == Booking.EndedReason.CUSTOMER
        return NO_BOOKING if by_customer else NO_SHOW
    return TWICE if case.order.state in {PAID, UNPAID} else LATE


def _seats_of_late_buyer(case: Case) -> Unwanted | None:
    """Give a late buyer the same seats if all are free. Otherwise return why not.

    Raises ShowNeeded before anything is written.
    """
    late = case.booking
    assert late is not None
    ends = end_state(case.order, late, case.now) or EXPIRED
    if ends != EXPIRED:
        return GIVEN_UP if ends == OrderState.ABANDONED else NO_SHOW
    if case.show is None:
        raise ShowNeeded
    new = take_again(late, show=case.show, locked=case.holders, now=case.now)
    if new is None:
        return NO_SHOW if case.show.is_cancelled else LATE
    case.booking = case.order.booking = new
    case.order.booking_reference = new.reference
    case.others = []
    return None


def _keep(case: Case, answer: Answer) -> None:
    """The money is for the order: the seats are the buyer's for good."""
    if case.booking is not None:
        _give_seats(case, case.booking)
    stop_payable(case.siblings, case.now)
    _set_order(case, PAID)
    if answer.remote.state is RemoteState.CAPTURED:
        _take(case, answer.remote)
    else:
        case.payment.move_to(PaymentState.CAPTURE_DUE)
        case.payment.charge = answer.remote.charge


def _give_seats(case: Case, booking: Booking) -> None:
    """Confirm the hold, and write the mail: with the ticket, or that an earlier ticket is paid."""
    # A booking that is as old as this decision was made for a late buyer (seats.py).
    is_new = booking.status == PENDING or booking.created_at == case.now
    if booking.status == PENDING:
        confirm_hold(booking, case.now)
    if is_new:
        write_booked(booking)
    else:
        mail_paid(case.payment, case.order, booking)


def _take(case: Case, remote: Remote) -> None:
    """The money was taken, all of it, and it is the order's."""
    _note_captured(case, remote)
    # The mail with the ticket waits for the number of the invoice.
    transaction.on_commit(partial(run_soon, NUMBER_DOCUMENTS), robust=True)


def _note_captured(case: Case, remote: Remote) -> None:
    case.payment.move_to(PaymentState.CAPTURED)
    case.payment.captured = remote.captured
    case.payment.captured_at = case.now
    case.payment.charge = remote.charge


def _give_back(case: Case, answer: Answer, unwanted: Unwanted) -> None:
    """The money is not for the order: release what is reserved, refund what was taken."""
    payment, remote = case.payment, answer.remote
    was_told = _was_told(case, remote)
    payment.surplus = True
    if remote.state is RemoteState.AUTHORISED:
        payment.move_to(PaymentState.VOID_DUE)
        payment.charge = remote.charge
    else:
        _note_captured(case, remote)
        payment.save()
        left = remote.captured - remote.refunded
        if left > 0:
            Refund.objects.create(
                show_id=payment.show_id,
                payment=payment,
                amount=left,
                source=unwanted.source,
                reason=f"Because {unwanted.why}"[:300],
                next_try_at=case.now,
                created_at=case.now,
            )
    if not was_told:
        mail_money_back(payment, case.order, case.booking, unwanted.why)


def _was_told(case: Case, remote: Remote) -> bool:
    """Whether an earlier mail told the buyer: the ticket was cancelled, or the bank refused.

    The owner of a hold gets no such mail. If the money was taken after all, the mail that the bank
    refused was wrong, so another one is needed.
    """
    was_ticket = case.booking is None or case.booking.confirmed_at is not None
    if case.payment.state not in STOPPED or not was_ticket:
        return False
    is_reserved = remote.state is RemoteState.AUTHORISED
    return case.order.state == CANCELLED or (is_reserved and case.order.state in {PAID, UNPAID})


def _no_money(case: Case, answer: Answer) -> None:
    """Nobody has paid: end the payment if its order is over, otherwise note how it stands."""
    if case.order.state == OPEN:
        _end_order(case)
    payment, remote = case.payment, answer.remote
    has_ended = remote.state is RemoteState.CANCELLED
    if payment.state == PaymentState.CANCEL_DUE:
        # After our call it is over, also with a provider that can't end it: money may still come
        # then, so it is looked at for some days (`_is_final`).
        if has_ended or (answer.acted and remote.state is not RemoteState.PENDING):
            payment.move_to(PaymentState.CANCELLED)
    elif payment.state in {PaymentState.AUTHORISED, PaymentState.VOID_DUE}:
        if remote.state is not RemoteState.PENDING:
            payment.move_to(PaymentState.VOIDED)
    elif payment.state in PAYABLE and has_ended:
        payment.move_to(PaymentState.CANCELLED)
    elif payment.state in PAYABLE and (remote.decline_code or remote.state is RemoteState.FAILED):
        payment.move_to(PaymentState.FAILED)


def _end_order(case: Case) -> None:
    """End an OPEN order whose time or booking is over, and all that can still be paid of it.

    The payment of the case is moved here, in memory; its siblings are written.
    """
    if case.order.state != OPEN:
        return
    state = end_state(case.order, case.booking, case.now)
    if state is None:
        return
    end_order(case.order, case.siblings, state, case.now)
    if case.payment.state in PAYABLE:
        case.payment.move_to(PaymentState.CANCEL_DUE)


def _set_order(case: Case, state: OrderState) -> None:
    if case.order.state == state:
        return
    case.order.state = state
    case.order.updated_at = case.now
    case.order.save(update_fields=["state", "updated_at", "booking", "booking_reference"])
