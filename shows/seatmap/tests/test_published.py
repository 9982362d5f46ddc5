"""What `forget` publishes to the processes that push seat maps."""

from typing import Any

import pytest
from django.db import transaction

from bookings import services
from bookmyshow.core.redis_clients import cache_client
from shows.seatmap import current as seatmap
from tests.support.factories import make_show, make_user
from tests.support.servers import OwnValkey

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_commit_publishes_the_show_after_its_pointer_is_gone() -> None:
    show, user = make_show(), make_user()
    with cache_client().pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(seatmap.changes_channel())
        # The answer to the subscription, which is no message.
        assert channel.get_message(timeout=30) is None
        seatmap.current_map(show.pk)
        with transaction.atomic():
            held = services.hold_seats(user=user, show_id=show.pk, labels=["C4"])
            # Not before the commit: who reads now would read the old seats.
            assert channel.get_message() is None
        message = channel.get_message(timeout=30)
        assert message is not None
        assert int(message["data"]) == show.pk
        assert seatmap.current_version(show.pk) is None
        services.confirm_booking(user=user, reference=held.reference)
        assert channel.get_message(timeout=30) is not None


def test_the_cache_server_gets_it_in_one_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    show = make_show()
    pool = cache_client().connection_pool
    connection = pool.get_connection()
    pool.release(connection)
    sent: list[bytes] = []
    send = connection.send_packed_command

    def note(command: Any, **options: Any) -> None:
        sent.append(b"".join(command))
        send(command, **options)

    monkeypatch.setattr(connection, "send_packed_command", note)
    seatmap.forget(show.pk)
    (trip,) = sent
    assert trip.index(b"DEL") < trip.index(b"PUBLISH")


def test_with_the_cache_server_away_nothing_is_raised_and_the_keys_are_dropped_later(
    own_valkey: OwnValkey,
) -> None:
    show = make_show()
    seatmap.current_map(show.pk)
    own_valkey.stop()
    seatmap.forget(show.pk)
    pool = cache_client().connection_pool
    assert pool.outage.is_on
    missed = " ".join(pool.outage.take_missed())
    assert seatmap.pointer_key(show.pk) in missed
    assert seatmap.lock_key(show.pk) in missed
