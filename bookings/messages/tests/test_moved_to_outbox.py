"""Notices that a process of the release before writes are moved to the outbox (migration 0015)."""

import json
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection

from accounts.outbox.mail import message_id
from accounts.outbox.models import Message
from accounts.outbox.sending import send_due
from tests.support.factories import make_booking, make_show

pytestmark = pytest.mark.django_db
INSERT = """
    INSERT INTO bookings_notice (kind, change, user_id, show_id, hold_id, detail, created_at,
        next_try_at, attempts, last_error)
    VALUES (%s, %s, %s, %s, %s, %s, now() - interval '1 hour', now(), 2, '450 not now')
    RETURNING id
"""


def test_a_notice_of_the_release_before_is_sent_by_this_one() -> None:
    booking = make_booking(make_show(), ["A1"])
    Message.objects.all().delete()
    change = uuid4()
    about = {"seats": ["A1"], "references": [booking.reference], "amount": "250.00"}
    detail = json.dumps(about | {"why": "No power"})
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            ["show-cancelled", change, booking.user_id, booking.show_id, booking.pk, detail],
        )
        ((notice_id,),) = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM bookings_notice")
        assert cursor.fetchone() == (0,)
    moved = Message.objects.get()
    assert (moved.show, moved.booking, moved.priority) == (booking.show_id, booking.pk, 1)
    assert (moved.attempts, moved.last_error) == (2, "450 not now")
    assert message_id(moved).startswith(f"<notice-{change}-{notice_id}@")
    assert send_due().sent == 1
    assert "No power" in str(mail.outbox[0].body)
