"""The line of one show under random calls, compared with a plain model (docs/spec.md §20).

The model knows nothing of SQL: who waits, who has which seats, and one rule. After each call it
serves the line: the first person who fits into the free seats gets an offer, and so on.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import User
from bookings import services
from bookings.errors import BookingError
from bookings.models import Booking
from bookings.waiting_list import services as waiting
from bookings.waiting_list.choosing import Party
from bookings.waiting_list.models import Entry
from shows.models import Seat, Show
from tests.support.factories import hall, lapse, make_booking, make_show, make_user
from tests.support.waiting_list import breaches

SEATS, PEOPLE = 4, 7
LABELS = [f"R1-{number}" for number in range(1, SEATS + 1)]


@dataclass
class Line:
    """Who waits for how many seats side by side (`wishes`, in order), and who has which seats."""

    wishes: dict[int, int] = field(default_factory=dict)
    held: dict[int, set[int]] = field(default_factory=dict)
    sold: set[int] = field(default_factory=set)
    #: How often somebody was served, and served although others before them did not fit.
    served: int = 0
    passed_over: int = 0

    def free(self) -> set[int]:
        return set(range(SEATS)) - self.sold - set().union(*self.held.values())

    def fits(self, seats: int, among: set[int] | None = None) -> bool:
        free = self.free() if among is None else among
        return any(set(range(at, at + seats)) <= free for at in range(SEATS))

    def check(self, state: dict[int, str], offered: dict[int, set[int]]) -> None:
        """Follow the offers that were made, in the order of the line; each must be due."""
        others_wait = False
        for person, seats in list(self.wishes.items()):
            if person in self.held:
                continue
            if self.fits(seats):
                assert person in offered, f"{person} was overtaken: {self}, offers {offered}"
                assert len(offered[person]) == seats
                assert offered[person] <= self.free()
                self.held[person] = offered[person]
                del self.wishes[person]
                self.served += 1
                self.passed_over += others_wait
            else:
                others_wait = True
                assert state.get(person) == "WAITING", (person, self)


def numbers(booking: Booking) -> set[int]:
    return {LABELS.index(label) for label in booking.seats}


VERBS = ["hold", "hold", "join", "join", "join", "confirm", "release", "lapse", "leave", "cancel"]
steps = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(0, PEOPLE - 1),
        st.integers(0, SEATS - 1),
        st.integers(1, 3),
    ),
    min_size=20,
    max_size=40,
)


class Trial:
    """One show with people, and the calls of one example."""

    def __init__(self, show: Show, people: list[User]) -> None:
        self.show, self.people, self.line = show, people, Line()
        # The show begins sold out.
        for person, places in enumerate(({0, 1}, {2}, {3})):
            labels = [LABELS[place] for place in sorted(places)]
            make_booking(show, labels, user=people[person])
            self.line.sold |= places

    def run(self, verb: str, person: int, seat: int, count: int) -> None:
        getattr(self, verb)(person, seat, count)
        entries = Entry.objects.filter(show=self.show).order_by("pk")
        states = {self.people.index(e.user): e.state for e in entries.select_related("user")}
        offers = {
            self.people.index(e.user): numbers(e.booking)
            for e in entries.filter(state="OFFERED").select_related("user", "booking")
            if e.booking
        }
        self.line.check(states, offers)
        assert breaches() == []
        for number, taken in self.line.held.items():
            labels = {LABELS[place] for place in taken}
            own = Seat.objects.filter(show=self.show, booking__user=self.people[number])
            found = set(own.filter(booking__status="PENDING").values_list("label", flat=True))
            assert found == labels, (number, self.line)

    def hold(self, person: int, seat: int, count: int) -> None:
        wanted = set(range(seat, min(seat + count, SEATS)))
        own = self.line.held.get(person, set())
        labels = [LABELS[place] for place in sorted(wanted)]
        may = wanted <= self.line.free() | own
        try:
            booking = services.hold_seats(
                user=self.people[person], show_id=self.show.pk, labels=labels
            )
        except BookingError:
            assert not may
            return
        assert may
        assert numbers(booking) == wanted
        self.line.held[person] = wanted

    def join(self, person: int, seat: int, count: int) -> None:
        is_live = Entry.objects.live().filter(show=self.show, user=self.people[person]).exists()
        may = not is_live and not self.line.fits(count)
        try:
            waiting.join(
                user=self.people[person], show_id=self.show.pk, party=Party(count, True, False)
            )
        except BookingError:
            assert not may
            return
        if not is_live:
            assert may
            self.line.wishes[person] = count

    def _live(self, person: int) -> Booking | None:
        own = Booking.objects.filter(show=self.show, user=self.people[person], status="PENDING")
        return own.first()

    def confirm(self, person: int, seat: int, count: int) -> None:
        if booking := self._live(person):
            services.confirm_booking(user=self.people[person], reference=booking.reference)
            self.line.sold |= self.line.held.pop(person)
            self.line.wishes.pop(person, None)

    def release(self, person: int, seat: int, count: int) -> None:
        if booking := self._live(person):
            services.release_hold(user=self.people[person], reference=booking.reference)
            del self.line.held[person]

    def lapse(self, person: int, seat: int, count: int) -> None:
        """The hold lapses, and is ended by a sweep or by somebody who asks for its seats."""
        booking = self._live(person)
        if booking is None:
            return
        lapse(booking)
        wanted = self.line.held.pop(person)
        if seat % 2:
            services.sweep_lapsed_holds()
            return
        # A person who never waits. The line is asked first; what it leaves is theirs.
        other = self.people[PEOPLE]
        label = LABELS[min(wanted)]
        try:
            booking = services.hold_seats(user=other, show_id=self.show.pk, labels=[label])
        except BookingError:
            return
        services.release_hold(user=other, reference=booking.reference)

    def leave(self, person: int, seat: int, count: int) -> None:
        entry = Entry.objects.live().filter(show=self.show, user=self.people[person]).first()
        if entry is not None:
            waiting.leave(user=self.people[person], entry_id=entry.pk)
            self.line.wishes.pop(person, None)
            if entry.booking_id:
                self.line.held.pop(person)

    def cancel(self, person: int, seat: int, count: int) -> None:
        own = Booking.objects.filter(show=self.show, user=self.people[person], status="CONFIRMED")
        if booking := own.first():
            services.cancel_booking(user=self.people[person], reference=booking.reference)
            self.line.sold -= numbers(booking)


@pytest.mark.django_db
def test_the_line_is_served_in_its_order_and_nobody_overtakes_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    number = random.SystemRandom().randrange(10**9)
    with capsys.disabled():
        print(f" LINE_SEED={number} ", end="", flush=True)
    people = [make_user(is_staff=True) for _ in range(PEOPLE + 1)]
    lines: list[Line] = []

    @seed(number)
    @hypothesis_settings(
        max_examples=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(steps)
    def many(calls: list[tuple[str, int, int, int]]) -> None:
        trial = Trial(make_show(hall(1, SEATS)), people)
        lines.append(trial.line)
        for call in calls:
            trial.run(*call)

    run: Callable[[], None] = many
    run()
    assert sum(line.served for line in lines) > 5
    assert any(line.passed_over for line in lines)
