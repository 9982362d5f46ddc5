"""64 clients send 1,000 requests over HTTP for one seat; one request gets it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.models import User
from accounts.tokens import issue_token
from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from tests.support.api_client import Api, Reply
from tests.support.factories import make_show

CLIENTS = 64
REQUESTS = 1_000


@pytest.mark.timeout(1800)
def test_one_buyer_gets_the_seat_and_all_others_are_told(api: Api) -> None:
    show = make_show()
    body = {"showId": show.pk, "seats": [{"seatNumber": "A1"}]}
    # Each request is from another person, because a second request of the winner gets a 201 too.
    people = User.objects.bulk_create(
        User(email=f"person{number}@example.com", name="Asha") for number in range(REQUESTS)
    )
    tokens = [issue_token(user) for user in people]

    def ask(token: str) -> Reply:
        reply = api.post("bookings", body, by=token)
        # If the winner's commit takes seconds on a slow disk, others get SHOW_BUSY and try again.
        while reply.status == 409 and reply.code == "SHOW_BUSY":
            reply = api.post("bookings", body, by=token)
        return reply

    with ThreadPoolExecutor(CLIENTS) as pool:
        replies = list(pool.map(ask, tokens))
    outcomes = Counter((r.status, r.code if r.status != 201 else "") for r in replies)
    assert outcomes == {(201, ""): 1, (409, "SEATS_UNAVAILABLE"): REQUESTS - 1}
    assert Booking.objects.count() == 1
    assert list(find_breaches()) == []
