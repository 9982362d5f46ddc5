"""Many seats that come back at once are offered in portions (docs/spec.md §20)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from bookings import services, sweep
from bookings.models import Booking
from bookings.waiting_list.models import Entry
from bookings.waiting_list.offers import Served, serve_line
from shows.models import Seat, Show
from tests.support.factories import hall, make_booking, make_show
from tests.support.waiting_list import breaches

pytestmark = pytest.mark.django_db


def people(count: int) -> list[User]:
    start = User.objects.count()
    return User.objects.bulk_create(
        User(email=f"someone{start + number}@example.com", name="Asha") for number in range(count)
    )


def lapsed_holds(show: Show, seats: Sequence[list[str]]) -> None:
    """Holds that ran out a minute ago, with ids in this order."""
    ended = timezone.now() - timedelta(minutes=1)
    holds = Booking.objects.bulk_create(
        Booking(
            user=user, show=show, seats=labels, seat_prices=[250] * len(labels),
            total_seats=len(labels), total_amount=250 * len(labels),
            created_at=ended - timedelta(minutes=2), updated_at=ended, expires_at=ended,
        )
        for user, labels in zip(people(len(seats)), seats, strict=True)
    )  # fmt: skip
    for hold in holds:
        Seat.objects.filter(show=show, label__in=hold.seats).update(booking=hold)
    free = Seat.objects.filter(show=show, booking=None).count()
    Show.objects.filter(pk=show.pk).update(available_seats=free)


def line(show: Show, parties: Iterable[tuple[int, bool]]) -> list[Entry]:
    """Places in line: how many seats, and whether they must be together."""
    wanted = list(parties)
    return Entry.objects.bulk_create(
        Entry(show=show, user=user, seats=seats, together=together, wheelchair=False)
        for user, (seats, together) in zip(people(len(wanted)), wanted, strict=True)
    )


def states(entries: Iterable[Entry]) -> list[str]:
    found = Entry.objects.in_bulk([entry.pk for entry in entries])
    return [found[entry.pk].state for entry in entries]


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many seats each transaction of a sweep freed."""
    found: list[int] = []

    def counted(show: Show, now: datetime) -> Served:
        served = serve_line(show, now)
        found.append(sum(hold.total_seats for hold in served.ended))
        assert breaches() == []
        return served

    monkeypatch.setattr(sweep, "serve_line", counted)
    return found


def test_many_seats_come_back_in_portions_and_nobody_is_overtaken(portions: list[int]) -> None:
    show = make_show(hall(8, 10))
    lapsed_holds(
        show, [[f"R{row}-{n}", f"R{row}-{n + 1}"] for n in range(1, 10, 2) for row in range(1, 9)]
    )
    # A portion has two rows. The nine don't fit into what the first two parties leave of them.
    entries = line(show, [(10, True), (2, True), (9, False), *[(1, True)] * 64])
    assert services.sweep_lapsed_holds() == 40
    assert portions == [40, 20, 20]
    assert states(entries) == ["OFFERED"] * 62 + ["WAITING"] * 5


def test_a_row_is_complete_before_seats_of_it_are_given() -> None:
    show = make_show(hall(5, 10) + "\nR6 ssss")
    returned = make_booking(show, ["R6-1"])
    singles = [[f"R{row}-{n}"] for row in range(1, 6) for n in range(1, 10, 2)]
    for row in range(1, 6):
        make_booking(show, [f"R{row}-{n}" for n in range(2, 11, 2)])
    lapsed_holds(show, [*singles, ["R6-2", "R6-3", "R6-4"]])
    four, *_others = line(show, [(4, True), *[(1, True)] * 30])
    services.cancel_booking(user=returned.user, reference=returned.reference)
    four.refresh_from_db()
    assert four.booking is not None
    assert four.booking.seats == ["R6-1", "R6-2", "R6-3", "R6-4"]
    assert breaches() == []
