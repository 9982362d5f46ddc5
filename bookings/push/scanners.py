"""Writes push messages about holds that end soon and shows that start soon (docs/spec.md §21.2).

Beat starts these functions. They read by the database's clock and take no lock, and no hold waits
for them. The key of a message names the booking and the moment that it is about. So nothing is
written twice, and an extended hold or a moved show is a new event.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.functions import Least

from accounts.push.kinds import Event, write_events
from accounts.push.models import Subscription, Topic
from bookings.models import Booking
from bookings.payments.checkout.begin import MARGIN
from bookings.payments.models import Order
from bookings.payments.states import OrderState
from bookmyshow.core.time import database_now
from shows.models import Show

HOLD_ENDS, SHOW_STARTS = "push-hold-ends", "push-show-starts"

# A message is written when a hold has between HOLD_TOO_LATE and HOLD_SEEN left, is due at HOLD_DUE
# before the end, and is dropped at HOLD_DROPPED. A look and a run of the sender each come within
# 5 s, so the message arrives between 31 and 26 seconds before the end.
HOLD_SEEN = timedelta(seconds=45)
HOLD_DUE = timedelta(seconds=31)
HOLD_TOO_LATE = timedelta(seconds=20)
HOLD_DROPPED = timedelta(seconds=15)
MOST_HOLDS = 5_000

SHOW_NOTICE = timedelta(hours=2)
# If beat was down, messages that became due within this time are still written.
CATCH_UP = timedelta(minutes=15)


def write_hold_ends() -> int:
    """Write "your hold ends in 30 seconds"; returns how many messages are new.

    While the buyer pays, the time to pay counts, which ends before the hold.
    """
    wanted = Subscription.objects.filter(user=OuterRef("user"), hold=True)
    paying = Order.objects.filter(booking=OuterRef("pk"), state=OrderState.OPEN)
    with transaction.atomic():
        now = database_now()
        holds = (
            Booking.objects.filter(
                Exists(wanted),
                status=Booking.Status.PENDING,
                expires_at__gt=now + HOLD_TOO_LATE,
                expires_at__lte=now + HOLD_SEEN + MARGIN,
            )
            # LEAST leaves out NULL: without an order, it is the end of the hold.
            .annotate(ends=Least("expires_at", Subquery(paying.values("pay_until")[:1])))
            .order_by("expires_at")
            .values_list("pk", "user_id", "show_id", "ends")[:MOST_HOLDS]
        )
        return write_events(
            (
                Event(
                    kind=HOLD_ENDS,
                    key=f"{HOLD_ENDS}:{pk}:{ends.timestamp():.6f}",
                    user_id=user_id,
                    show_id=show_id,
                    booking_id=pk,
                    data={"ends": ends.isoformat()},
                    due_at=ends - HOLD_DUE,
                    expires_at=ends - HOLD_DROPPED,
                )
                for pk, user_id, show_id, ends in holds
                if now + HOLD_TOO_LATE < ends <= now + HOLD_SEEN
            ),
            topic=Topic.HOLD,
        )


def write_show_starts() -> int:
    """Write "your show starts in two hours"; returns how many messages are new.

    Not for tickets that were bought later than that, nor for browsers that subscribed later.
    """
    wanted = Subscription.objects.filter(user=OuterRef("user"), show=True)
    with transaction.atomic():
        now = database_now()
        tickets = (
            Booking.objects.filter(
                Exists(wanted),
                status=Booking.Status.CONFIRMED,
                confirmed_at__lt=F("show__starts_at") - SHOW_NOTICE,
                show__status=Show.Status.SCHEDULED,
                show__starts_at__gt=now + SHOW_NOTICE - CATCH_UP,
                show__starts_at__lte=now + SHOW_NOTICE,
            )
            .order_by("pk")
            .values_list("pk", "user_id", "show_id", "show__starts_at")
        )
        return write_events(
            (
                Event(
                    kind=SHOW_STARTS,
                    key=f"{SHOW_STARTS}:{pk}:{starts_at.timestamp():.0f}",
                    user_id=user_id,
                    show_id=show_id,
                    booking_id=pk,
                    data={"starts_at": starts_at.isoformat()},
                    expires_at=starts_at,
                    subscribed_by=starts_at - SHOW_NOTICE,
                )
                for pk, user_id, show_id, starts_at in tickets
            ),
            topic=Topic.SHOW,
        )
