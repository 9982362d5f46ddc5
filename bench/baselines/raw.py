"""Baseline R: a hold in hand-written SQL, with the product's log-in and CSRF check.

It leaves out idempotency, swapped holds, seats of lapsed holds, the cache of the seat map, and
metrics.
"""

import os
import secrets

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def hold(request: HttpRequest, show_id: int) -> HttpResponse:
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    labels = request.POST.getlist("seat")
    reference = "BMV" + "".join(secrets.choice(CROCKFORD) for _ in range(12))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT standard_price, premium_price FROM shows_show"
            " WHERE id = %s AND status = 'SCHEDULED' AND starts_at > now() FOR NO KEY UPDATE",
            [show_id],
        )
        standard, premium = cursor.fetchone()
        cursor.execute(
            "SELECT id, label, seat_type, booking_id FROM shows_seat"
            " WHERE show_id = %s AND label = ANY(%s) ORDER BY position",
            [show_id, labels],
        )
        seats = cursor.fetchall()
        if len(seats) != len(labels) or any(booking for *_, booking in seats):
            return HttpResponse(status=409)
        prices = [premium if kind == "premium" else standard for _, _, kind, _ in seats]
        cursor.execute(
            "INSERT INTO bookings_booking (reference, user_id, show_id, total_seats, total_amount,"
            " seats, seat_prices, status, created_at, updated_at, expires_at, ended_reason,"
            " idempotency_hash) VALUES (%s, %s, %s, %s, %s, %s, %s, 'PENDING', clock_timestamp(),"
            " now(), clock_timestamp() + interval '60 minutes', '', '') RETURNING id",
            [
                *(reference, request.user.pk, show_id, len(seats), sum(prices)),
                *([label for _, label, _, _ in seats], prices),
            ],
        )
        (booking_id,) = cursor.fetchone()
        cursor.execute(
            "UPDATE shows_seat SET booking_id = %s WHERE id = ANY(%s)",
            [booking_id, [pk for pk, *_ in seats]],
        )
        cursor.execute(
            "UPDATE shows_show SET available_seats = available_seats - %s WHERE id = %s",
            [len(seats), show_id],
        )
    return HttpResponse(status=302, headers={"Location": f"/bookings/{reference}/"})


urlpatterns = [path("shows/<int:show_id>/hold/", hold)]

if os.environ.get("DJANGO_SETTINGS_MODULE") == "bench.baselines.raw_settings":
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
