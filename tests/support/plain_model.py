"""The rules of docs/spec.md §4 in plain Python, without a database.

The state machine test compares the services with this model.

Time is in whole virtual seconds, and calls run one after the other. A refused call raises Refusal
with the name of the service's error class. SeatsUnavailable also has the labels of the taken seats.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

HOLD_SECONDS = 120
MOST_SEATS = 10
# Limits against hoarding. The test's time moves in steps of 40 seconds. These seconds are not
# multiples of 40, so the real time that a test takes can't change a result.
MOST_SEATS_AT_SHOW = 6
MOST_HOLDS = 1
UNPAID_SECONDS = 220
PAUSE_SECONDS = 100
MOST_SEATS_OF_ADDRESS = 6
MOST_SEATS_OF_GUESTS = 5
MOST_SEATS_UNCONFIRMED = 7


class Refusal(Exception):
    """A rule refused a call. Compared by its name and labels."""

    def __init__(self, name: str, labels: tuple[str, ...] = ()) -> None:
        super().__init__(name, labels)


@dataclass
class PlainShow:
    prices: dict[str, int]
    """Every seat's price by label, in plan order."""
    starts_at: int


@dataclass
class PlainBooking:
    number: int
    user: int
    show: int
    seats: tuple[str, ...]
    prices: tuple[int, ...]
    created_at: int
    expires_at: int
    key: str | None
    request: tuple[int, frozenset[str]]
    #: The client address at the time of the hold.
    address: str | None
    status: str = "PENDING"
    ended_reason: str = ""
    ended_at: int = 0

    def lapsed(self, now: int) -> bool:
        return self.status == "PENDING" and self.expires_at <= now

    @property
    def is_live(self) -> bool:
        return self.status in {"PENDING", "CONFIRMED"}

    def unpaid_until(self, now: int) -> int | None:
        """The end of a hold that was not confirmed; None for other bookings."""
        if self.lapsed(now) or self.ended_reason == "lapsed":
            return self.expires_at
        return self.ended_at if self.ended_reason in {"released", "swapped"} else None

    def end(self, reason: str, now: int) -> None:
        self.status = "CANCELLED" if self.status == "CONFIRMED" else "FAILED"
        self.ended_reason = reason
        self.ended_at = now


class Call(NamedTuple):
    """One call of a service: the verb, the user, and the arguments of that verb."""

    verb: str
    user: int = 0
    show: int = 0
    labels: tuple[str, ...] = ()
    key: str | None = None
    booking: int = 0
    #: Of a log-in or claim: the guest of that browser.
    guest: int = 0


class LogIn(NamedTuple):
    """What a log-in did: the numbers of bookings that moved, were swapped, and were refused."""

    moved: tuple[int, ...] = ()
    swapped: tuple[int, ...] = ()
    #: Each with the name of the error.
    refused: tuple[tuple[int, str], ...] = ()


@dataclass
class PlainModel:
    shows: list[PlainShow]
    #: The client address of each person, by index. None for staff, who have no limits.
    addresses: list[str | None]
    guests: frozenset[int] = frozenset()
    now: int = 0
    bookings: list[PlainBooking] = field(default_factory=list)

    def run(self, call: Call) -> object:
        """Run the call. A refused call changes nothing.

        Returns a booking's number, the number of swept holds or claimed bookings, what a log-in
        did, or the arguments of the Refusal.
        """
        try:
            match call.verb:
                case "hold":
                    return self.hold(call.user, call.show, call.labels, call.key)
                case "confirm":
                    return self.confirm(call.user, call.booking)
                case "release":
                    return self.give_back(call.user, call.booking, {"PENDING"})
                case "cancel":
                    return self.give_back(call.user, call.booking, {"CONFIRMED"})
                case "log in":
                    return self.log_in(call.guest, call.user)
                case "claim":
                    return self.claim(call.guest, call.user)
                case _:
                    return self.sweep()
        except Refusal as refusal:
            return refusal.args

    def hold(self, user: int, show: int, labels: tuple[str, ...], key: str | None) -> int:
        if not 1 <= len(set(labels)) == len(labels) <= MOST_SEATS:
            raise Refusal("InvalidSeats")
        prices = self.shows[show].prices
        if set(labels) - set(prices):
            raise Refusal("InvalidSeats")
        request = (show, frozenset(labels))
        for booking in self.bookings:
            if key and (booking.user, booking.key) == (user, key):
                if booking.request != request:
                    raise Refusal("IdempotencyKeyReused")
                return booking.number
        if self.shows[show].starts_at <= self.now:
            raise Refusal("ShowNotBookable")
        seats = tuple(label for label in prices if label in labels)
        own = next((b for b in self._at(show) if b.user == user and b.status == "PENDING"), None)
        kept = own if own and not own.lapsed(self.now) else None
        if kept and kept.seats == seats:
            return kept.number
        in_the_way = [b for b in self._at(show) if b.is_live and set(b.seats) & set(seats)]
        stays = [b for b in in_the_way if b is not kept and not b.lapsed(self.now)]
        if stays:
            taken = {label for b in stays for label in b.seats}
            raise Refusal("SeatsUnavailable", tuple(s for s in seats if s in taken))
        self._check_limits(user, show, len(seats))
        for booking in [*in_the_way, *([own] if own else [])]:
            booking.end("swapped" if booking is kept else "lapsed", self.now)
        new = PlainBooking(
            number=len(self.bookings),
            user=user,
            show=show,
            seats=seats,
            prices=tuple(prices[label] for label in seats),
            created_at=self.now,
            expires_at=kept.expires_at if kept else self.now + HOLD_SECONDS,
            key=key,
            request=request,
            address=self.addresses[user],
        )
        self.bookings.append(new)
        return new.number

    def confirm(self, user: int, number: int) -> int:
        booking = self._of(user, number)
        if booking.lapsed(self.now) or booking.ended_reason == "lapsed":
            raise Refusal("BookingExpired")
        if not booking.is_live:
            raise Refusal("BookingNotPending")
        coming = sum(
            len(b.seats)
            for b in self.bookings
            if b.user == user
            and b.status == "CONFIRMED"
            and self.shows[b.show].starts_at > self.now
        )
        if (
            booking.status == "PENDING"
            and self.addresses[user] is not None
            and coming + len(booking.seats) > MOST_SEATS_UNCONFIRMED
        ):
            raise Refusal("EmailNotConfirmed")
        booking.status = "CONFIRMED"
        return number

    def log_in(self, guest: int, user: int) -> LogIn:
        """The guest's live holds become the user's, each with the holds swapped for it."""
        done = LogIn()
        for hold in [b for b in self._live_holds() if b.user == guest]:
            try:
                self._check_person(user, hold.show, len(hold.seats))
            except Refusal as refusal:
                done = done._replace(refused=(*done.refused, (hold.number, refusal.args[0])))
                continue
            of_user = [b for b in self._at(hold.show) if b.user == user and b.status == "PENDING"]
            for own in of_user:
                if own.lapsed(self.now):
                    own.end("lapsed", self.now)
                else:
                    own.end("swapped", self.now)
                    done = done._replace(swapped=(*done.swapped, own.number))
            used = {b.key for b in self.bookings if b.user == user}
            for booking in self._at(hold.show):
                is_same = booking.user == guest and booking.expires_at == hold.expires_at
                if booking is hold or (is_same and booking.ended_reason == "swapped"):
                    booking.user = user
                    booking.key = None if booking.key in used else booking.key
            done = done._replace(moved=(*done.moved, hold.number))
        return done

    def claim(self, guest: int, user: int) -> int:
        """All that the guest has but holds becomes the user's. Returns how many were bought."""
        claimed = [b for b in self.bookings if b.user == guest and b.status != "PENDING"]
        for booking in claimed:
            booking.user, booking.key = user, None
        return sum(b.status in {"CONFIRMED", "CANCELLED"} for b in claimed)

    def _live_holds(self) -> list[PlainBooking]:
        return [b for b in self.bookings if b.status == "PENDING" and not b.lapsed(self.now)]

    def _check_person(self, user: int, show: int, seats: int) -> None:
        if self.addresses[user] is None:
            return
        own = [b for b in self._at(show) if b.user == user]
        bought = sum(len(b.seats) for b in own if b.status == "CONFIRMED")
        if bought + seats > MOST_SEATS_AT_SHOW:
            raise Refusal("TooManySeats")
        holds = self._live_holds()
        if sum(b.user == user and b.show != show for b in holds) >= MOST_HOLDS:
            raise Refusal("TooManyHolds")

    def _check_limits(self, user: int, show: int, seats: int) -> None:
        address = self.addresses[user]
        if address is None:
            return
        self._check_person(user, show, seats)
        own = [b for b in self._at(show) if b.user == user]
        unpaid = [(b, end) for b in own if (end := b.unpaid_until(self.now)) is not None]
        if (
            sum(end - b.created_at for b, end in unpaid) >= UNPAID_SECONDS
            and max(end for _, end in unpaid) + PAUSE_SECONDS > self.now
        ):
            raise Refusal("HoldPaused")
        near = sum(
            len(b.seats)
            for b in self._live_holds()
            if b.show == show and b.user != user and b.address == address
        )
        if user in self.guests and near + seats > MOST_SEATS_OF_GUESTS:
            raise Refusal("GuestsOfAddressLimit")
        if near + seats > MOST_SEATS_OF_ADDRESS:
            raise Refusal("AddressLimit")

    def give_back(self, user: int, number: int, accepted: set[str]) -> int:
        booking = self._of(user, number)
        if booking.lapsed(self.now):
            booking.end("lapsed", self.now)
        elif booking.is_live:
            if booking.status not in accepted:
                raise Refusal("BookingNotPending")
            if booking.status == "CONFIRMED" and self.shows[booking.show].starts_at <= self.now:
                raise Refusal("ShowNotBookable")
            booking.end("released" if booking.status == "PENDING" else "customer", self.now)
        return number

    def sweep(self) -> int:
        lapsed = [b for b in self.bookings if b.lapsed(self.now)]
        for booking in lapsed:
            booking.end("lapsed", self.now)
        return len(lapsed)

    def _at(self, show: int) -> Iterator[PlainBooking]:
        return (b for b in self.bookings if b.show == show)

    def _of(self, user: int, number: int) -> PlainBooking:
        booking = self.bookings[number]
        if booking.user != user:
            raise Refusal("BookingNotFound")
        return booking
