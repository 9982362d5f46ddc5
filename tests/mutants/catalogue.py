"""All mutants. Those of a feature are in a file of its name; holds, sweeps and shows are here."""

from pathlib import Path
from typing import NamedTuple

from tests.mutants.claims import MUTANTS_OF_CLAIMS
from tests.mutants.counter import MUTANTS_OF_COUNTER
from tests.mutants.documents import MUTANTS_OF_DOCUMENTS
from tests.mutants.faults import MUTANTS_OF_FAULTS
from tests.mutants.guests import MUTANTS_OF_GUESTS
from tests.mutants.hold_limits import MUTANTS_OF_HOLD_LIMITS
from tests.mutants.hosts import MUTANTS_OF_HOSTS
from tests.mutants.live import MUTANTS_OF_LIVE
from tests.mutants.mails import MUTANTS_OF_MAILS
from tests.mutants.money import MUTANTS_OF_MONEY
from tests.mutants.offline import MUTANTS_OF_OFFLINE
from tests.mutants.outbox import MUTANTS_OF_OUTBOX
from tests.mutants.privacy import MUTANTS_OF_PRIVACY
from tests.mutants.providers import MUTANTS_OF_PROVIDERS
from tests.mutants.push import MUTANTS_OF_PUSH
from tests.mutants.tell_me import MUTANTS_OF_TELL_ME
from tests.mutants.waiting_list import MUTANTS_OF_WAITING_LIST
from tests.mutants.waiting_room import MUTANTS_OF_WAITING_ROOM

ROOT = Path(__file__).resolve().parents[2]


class Mutant(NamedTuple):
    """The replacement in one file, and the test that must fail."""

    name: str
    path: str
    old: str
    new: str
    test: str


HOLDS = "bookings/holds.py"
STATEMENTS = "bookings/holds_sql.py"
LOCKS = "bookings/locks.py"
CONFIRMATION = "bookings/confirmation.py"
SWEEP = "bookings/sweep.py"
MACHINE = "bookings/tests/test_state_machine.py"

MUTANTS = (
    [
        Mutant(name, path, old, new, MACHINE)
        for name, path, old, new in (
            (
                "the show is read without a lock",
                LOCKS,
                "Show.objects.select_for_update(no_key=True, skip_locked=skip_locked)",
                "Show.objects.all()",
            ),
            (
                "a swap starts the two minutes again",
                HOLDS,
                "expires_at=current.expires_at if current else None",
                "expires_at=None",
            ),
            (
                "a reused key is not compared",
                HOLDS,
                "if booking.idempotency_hash != request.hash:",
                "if False:",
            ),
            (
                "keys are ignored",
                HOLDS,
                "if request.key and is_own",
                "if False and is_own",
            ),
            ("taken seats are taken again", HOLDS, "    if lost:\n", "    if False:\n"),
            (
                "a hold survives the next one",
                HOLDS,
                "own = next((b for b in locked if b.user_id == request.user_id), None)",
                "own = None",
            ),
            (
                "the same seats make another booking",
                HOLDS,
                "if current and current.seats == [seat.label for seat in seats]:",
                "if False:",
            ),
            (
                "a show that began can be booked",
                HOLDS,
                "if show.is_cancelled or show.has_started(now):",
                "if show.is_cancelled:",
            ),
            (
                "a ticket can be given back after the show began",
                "bookings/release_and_cancel.py",
                "if booking.status == CONFIRMED and show.has_started(now):",
                "if False:",
            ),
        )
    ]
    + [
        Mutant(name, path, old, new, MACHINE)
        for name, path, old, new in (
            (
                "the sweep ends holds that have time left",
                SWEEP,
                "b.status = 'PENDING' AND b.expires_at <= clock.now\n          AND NOT",
                "b.status = 'PENDING'\n          AND NOT",
            ),
            (
                "the sweep frees no seats",
                SWEEP,
                "AND s.booking_id = lapsed.id",
                "AND s.booking_id = -lapsed.id",
            ),
            (
                "a show that began is taken",
                STATEMENTS,
                "\n              AND show.starts_at > clock.now",
                "",
            ),
            (
                "taken seats count as free",
                STATEMENTS,
                "(%(labels)s::text[]) AND seat.booking_id IS NULL",
                "(%(labels)s::text[])",
            ),
            (
                "a lapsed hold can be confirmed",
                CONFIRMATION,
                "b.status = 'PENDING' AND b.expires_at > clock.now\n          AND (",
                "b.status = 'PENDING'\n          AND (",
            ),
            (
                "a hold that is over can be confirmed",
                CONFIRMATION,
                "AND b.user_id = %(user)s::bigint AND b.status = 'PENDING' AND",
                "AND b.user_id = %(user)s::bigint AND",
            ),
            (
                "the counter forgets held seats",
                STATEMENTS,
                "available_seats - held.total_seats",
                "available_seats - 0",
            ),
            (
                "the counter forgets swept seats",
                SWEEP,
                "available_seats + (SELECT count(*) FROM freed)",
                "available_seats",
            ),
        )
    ]
    + [
        Mutant(
            "every person may confirm a booking",
            CONFIRMATION,
            "    values = {\n",
            "    user = Booking.objects.get(reference=reference).user\n    values = {\n",
            MACHINE,
        ),
        Mutant(
            "a confirmation reads the clock before it has its lock",
            LOCKS,
            "bookings = Booking.objects.select_for_update(no_key=True)\n    return",
            "bookings = Booking.objects.all()\n    return",
            "bookings/tests/test_confirm_races.py::"
            "test_a_confirmation_that_gets_its_lock_after_the_hold_lapsed_is_refused",
        ),
        Mutant(
            "the clock is read before the last lock",
            HOLDS,
            "now = database_now() if must_lock else seats[0].now",
            "now = seats[0].now",
            "bookings/tests/test_confirm_races.py",
        ),
        Mutant(
            "bookings are read without a lock",
            LOCKS,
            "Booking.objects.select_for_update(no_key=True).filter(which, show=show_id)",
            "Booking.objects.filter(which, show=show_id)",
            "bookings/tests/test_confirm_races.py",
        ),
        Mutant(
            "only one of the ended holds loses its seats",
            "bookings/ending.py",
            "Seat.objects.filter(show=ending[0].show_id, booking__in=ending)",
            "Seat.objects.filter(show=ending[0].show_id, booking__in=ending[:1])",
            "bookings/tests/test_hold_seats.py",
        ),
        Mutant(
            "a key of another person is accepted",
            HOLDS,
            "is_own = booking.user_id == request.user_id",
            "is_own = True",
            "bookings/tests/test_hold_seats.py",
        ),
        Mutant(
            "a lapsed hold is ended without reading it again under its lock",
            HOLDS,
            "if b is current or b.has_lapsed(now)}",
            "if b is current or b.pk in {s.booking_id for s in seats}}",
            "bookings/tests/test_confirm_races.py",
        ),
        Mutant(
            "a sweep waits for a show that is locked",
            SWEEP,
            "sweep_show(show_id, skip_locked=True)",
            "sweep_show(show_id, skip_locked=False)",
            "bookings/tests/test_races.py",
        ),
        Mutant(
            "shows can be scheduled for a film that is being archived",
            "shows/services.py",
            "currencies = keep_in_use(slots)",
            "currencies = {slot.screen.cinema_id: slot.screen.cinema.currency for slot in slots}",
            "shows/tests/test_archive_races.py",
        ),
        Mutant(
            "a new show's prices are checked against the currency of before",
            "shows/services.py",
            "currencies[slot.screen.cinema_id]",
            "slot.screen.cinema.currency",
            "shows/tests/test_currency_races.py",
        ),
        Mutant(
            "a currency changes while seats are being held",
            "shows/cinema_money.py",
            'lock_shows(shows.only("pk"), no_key=False)',
            "pass",
            "shows/tests/test_currency_races.py",
        ),
        Mutant(
            "a show that moves keeps its old screen time",
            "shows/migrations/0009_no_overlap_of_screen_times.py",
            "OR UPDATE OF screen_id, starts_at, busy_until, status",
            "OR UPDATE OF status",
            "shows/tests/test_screen_times.py",
        ),
        Mutant(
            "new shows take no screen time",
            "shows/migrations/0009_no_overlap_of_screen_times.py",
            "AFTER INSERT OR DELETE",
            "AFTER DELETE",
            "shows/tests/test_screen_times.py::test_many_who_schedule_one_screen_at_once",
        ),
        Mutant(
            "divided by show, a show that moves keeps its old screen time",
            "bookings/show_changes/services.py",
            "updated_at=now\n            )\n            write_screen_times([show.pk])\n",
            "updated_at=now\n            )\n",
            "shows/tests/test_screen_times.py",
        ),
        Mutant(
            "divided by show, new shows take no screen time",
            "shows/services.py",
            "                write_screen_times(show.pk for show in shows)\n",
            "",
            "shows/tests/test_screen_times.py",
        ),
        Mutant(
            "two currencies are added",
            "bookings/dashboard/takings.py",
            "by_currency.setdefault(line.currency, [])",
            'by_currency.setdefault("INR", [])',
            "bookings/dashboard/tests/test_booking_report.py",
        ),
        Mutant(
            "an amount that is finer than its currency is rounded",
            "bookmyshow/core/currencies.py",
            "if minor != minor.to_integral_value():",
            "if False:",
            "bookmyshow/core/tests/test_currencies.py",
        ),
        Mutant(
            "an unreadable cache entry is an error",
            "bookmyshow/core/cache/backend.py",
            "except Unreadable as error",
            "except ZeroDivisionError as error",
            "bookmyshow/core/cache/tests/test_serializer.py",
        ),
    ]
    + [
        Mutant(*mutant)
        for mutant in (
            *MUTANTS_OF_MONEY,
            *MUTANTS_OF_MAILS,
            *MUTANTS_OF_OFFLINE,
            *MUTANTS_OF_OUTBOX,
            *MUTANTS_OF_PROVIDERS,
            *MUTANTS_OF_DOCUMENTS,
            *MUTANTS_OF_COUNTER,
            *MUTANTS_OF_HOLD_LIMITS,
            *MUTANTS_OF_GUESTS,
            *MUTANTS_OF_WAITING_LIST,
            *MUTANTS_OF_WAITING_ROOM,
            *MUTANTS_OF_LIVE,
            *MUTANTS_OF_CLAIMS,
            *MUTANTS_OF_FAULTS,
            *MUTANTS_OF_HOSTS,
            *MUTANTS_OF_PUSH,
            *MUTANTS_OF_TELL_ME,
            *MUTANTS_OF_PRIVACY,
        )
    ]
)
